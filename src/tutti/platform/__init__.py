"""Features with rows in SQL: each folder has its models, its schemas and its service, and knows no web framework."""
