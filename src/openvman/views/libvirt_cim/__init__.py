"""The view of libvirt-cim's clients: ``root/virt``, and its profiles in ``root/interop``.

Everything is the standard view's under other names: a class here shows what a class there shows, and an association is
that of the standard view between them. What libvirt-cim has in another way stands in the tables of this package, once.
"""
