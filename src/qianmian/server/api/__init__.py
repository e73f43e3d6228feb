"""`/api/*`: what the console asks and changes, with OpenAPI and problem+json errors."""
