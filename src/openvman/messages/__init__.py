"""Everything that the server tells of failures and events: one row per message, and all texts are made of the rows.

``message.py`` says what a row is; each other module has the rows of one subject, which ``registry.py`` collects.
Whoever raises an error names a row and gives its arguments; the id, the status, CIM_Error, the registry as XML
(DSP0228) and the page of the documentation follow from the row.
"""
