"""The policy `observatory` against the program that it is made after: `make policy-oracle`, which is not part of CI."""
