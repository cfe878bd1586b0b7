"""The hypervisor-neutral domain: what exists (``host``, ``system``), its states, and what may be asked for (``spec``).

Objects are immutable. An id is stable for life: a host's id is the host's UUID, a virtual system's id is its UUID, and
what belongs to one has an id that starts with its owner's. No CIM word and no hypervisor's word stands here.
"""
