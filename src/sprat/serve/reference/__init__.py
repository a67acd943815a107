"""The API described: the OpenAPI document and the pages made from it."""
