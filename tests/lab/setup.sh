#!/bin/sh
# Runs as root in new namespaces: makes the machine look like another host. setup.sh FOLDER NAME CGROUP-VERSION
set -e
folder=$1 name=$2 cgroups=$3
hostname "$name"
ip link set lo up
mount -t proc proc /proc
umount -R /sys
mount -t sysfs sysfs /sys
case $cgroups in
1)
	mount -t tmpfs tmpfs /sys/fs/cgroup
	for controller in $(cat "$folder/controllers"); do
		mkdir "/sys/fs/cgroup/$controller"
		mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
	done
	;;
2)
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	# A group that hands controllers to its children holds no process itself (see _join_groups in lab.py).
	mkdir /sys/fs/cgroup/daemon
	echo 0 >/sys/fs/cgroup/daemon/cgroup.procs
	for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
		echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
	done
	;;
esac
mkdir -p /run/libvirt /var/lib/libvirt /etc/libvirt /var/cache/libvirt /var/log/libvirt
mount --bind "$folder/run" /run/libvirt
mount --bind "$folder/lib" /var/lib/libvirt
mount --bind "$folder/etc" /etc/libvirt
mount --bind "$folder/cache" /var/cache/libvirt
mount --bind "$folder/log" /var/log/libvirt
# Without a system bus no service of the real host can be asked to look after our guests.
if [ -d /run/dbus ]; then mount -t tmpfs tmpfs /run/dbus; fi
# A /dev without kvm: guests are emulated, on every machine alike.
mount -t tmpfs tmpfs "$folder/dev"
for node in null zero full random urandom tty ptmx; do cp -a "/dev/$node" "$folder/dev/"; done
mkdir "$folder/dev/pts" "$folder/dev/shm" "$folder/dev/net"
# tun is for guests' interfaces, fuse for the /proc/meminfo that a container sees.
cp -a /dev/net/tun "$folder/dev/net/" 2>/dev/null || true
cp -a /dev/fuse "$folder/dev/" 2>/dev/null || true
mount --bind /dev/pts "$folder/dev/pts"
mount -t tmpfs tmpfs "$folder/dev/shm"
mount --move "$folder/dev" /dev
