"""Use cases: each runs parse -> defaults -> validate -> act -> observe, with an undo stack around act.

Parsing is the caller's (it knows the protocol); each other phase has its file: ``defaults`` (with ``placement`` and
``reference``), ``validate`` (with ``policy`` and ``images``, which look at the host), ``undo`` for the act. To observe
is to let the inventory read what was changed, so that who wrote reads it.

Public: :class:`openvman.operations.service.Operations`, :class:`openvman.operations.policy.Policy`.
"""
