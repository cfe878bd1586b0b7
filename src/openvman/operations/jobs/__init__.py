"""Jobs: every change that was asked for, from the request to its end, through restarts."""
