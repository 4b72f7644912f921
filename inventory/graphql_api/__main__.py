"""`python -m inventory.graphql_api` prints the schema."""

from graphql import print_schema

from inventory.graphql_api.schema import schema

print(print_schema(schema()))  # noqa: T201 - it is what this program is for
