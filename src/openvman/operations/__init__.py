"""Use cases: each runs parse -> defaults -> validate -> act -> observe, with an undo stack around act."""
