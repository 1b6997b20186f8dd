#!/usr/bin/env python3
"""Cloche at scale: a listing of 1,000,000 keys, a table of 10,000,000 items, objects of 5 GiB, a sealed file of 1 GB, the history of 1 GB. Prints a table for docs/reliability.md."""

import argparse

import history
import items
import listing
import objects
import sealed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parts = parser.add_subparsers(required=True)
    for name, module in (("listing", listing), ("items", items), ("objects", objects), ("sealed", sealed), ("history", history)):
        part = parts.add_parser(name, help=module.__doc__, description=module.__doc__)
        module.add_arguments(part)
        part.set_defaults(run=module.run)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
