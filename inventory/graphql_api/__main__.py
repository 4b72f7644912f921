"""`python -m inventory.graphql_api` prints the schema."""

from graphql import print_schema

from inventory.graphql_api.schema import SCHEMA

print(print_schema(SCHEMA))  # noqa: T201 - it is what this program is for
