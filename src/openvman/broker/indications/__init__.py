"""Indications (DSP1054): what clients subscribe to, and what of the inventory's differences they are told."""
