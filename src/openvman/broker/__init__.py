"""Every generic operation once, whatever the protocol (DSP0223), each a row with its permission."""
