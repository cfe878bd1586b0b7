"""How namespaces show the model: class prefix, names, key formats."""
