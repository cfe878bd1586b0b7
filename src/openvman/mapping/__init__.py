"""The declarative engine: a class and an association are each declared once (``declare``), bound to a namespace
(``bind``), and everything a client can ask of them is read from the declaration (``space``, ``traverse``, ``write``).
"""
