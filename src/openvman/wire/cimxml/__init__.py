"""CIM operations over HTTP (DSP0200 1.4) in CIM-XML (DSP0201 2.4): requests decoded, responses encoded."""
