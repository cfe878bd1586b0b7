"""One folder per hypervisor kind behind :mod:`openvman.drivers.contract`; callers never ask which kind it is."""
