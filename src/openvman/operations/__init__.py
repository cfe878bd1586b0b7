"""Use cases: each runs parse -> defaults -> validate -> act -> observe, with an undo stack around act.

Parsing is the caller's (it knows the protocol); each other phase has its files: ``defaults`` (with ``placement``,
``reference``, and ``adjust`` for modifications), ``validate`` (with ``policy`` and ``images``, which look at the
host), ``undo`` and ``turns`` for the act. To observe is to let the inventory read what was changed, so that who wrote
reads it. Each use case has a file of its name.

Public: :class:`openvman.operations.operations.Operations`, :class:`openvman.operations.policy.Policy`.
"""
