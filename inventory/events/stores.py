"""Documents in which log stores answer: the event is within a member of each, with what the store says around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inventory.events.normaliser import Prepared, add
from inventory.events.unwrapping import Default, Inner, wrapped

_SERVICES = ("service_name", "app", "service", "container", "job")
"""Labels of Loki that name what wrote a line."""
_LEVELS = ("level", "detected_level")


def elasticsearch(document: dict[str, Any]) -> Prepared:
    """A hit of Elasticsearch or OpenSearch, whose document is in `_source`."""
    return _lifted(document, "_source")


def datadog(document: dict[str, Any]) -> Prepared:
    """A log of Datadog's API: its own attributes are within those of the API."""
    return _lifted(document, "attributes")


def splunk(document: dict[str, Any], inner: Inner) -> Prepared:
    """An event of Splunk: of its HTTP collector in `event`, an object or a line; of a search in `result`."""
    name = "event" if "event" in document else "result"
    if type(document[name]) is dict:
        lifted = _lifted(document, name)
        return wrapped(lifted.document, "_raw", inner, {"_time": "timestamp"}) if "_raw" in lifted.document else lifted
    return wrapped(document, name, inner, {"time": "timestamp"})


def loki(document: dict[str, Any], inner: Inner) -> Prepared:
    """A line of Loki, with the labels of its stream."""
    labels = document["labels"]
    first = [("service", next((labels[name] for name in _SERVICES if name in labels), None))]
    first += [("level", labels[name]) for name in _LEVELS if name in labels]
    derived: list[Default] = [(field, None, value) for field, value in first if value is not None]
    return wrapped(document, "line", inner, {"timestamp": "timestamp"}, derived)


def grafana(document: dict[str, Any], inner: Inner) -> Prepared:
    """A line of Loki, as Grafana's Explore saves it."""
    return loki({"labels": document["fields"]} | {name: document[name] for name in document if name != "fields"}, inner)


def decoded(document: dict[str, Any]) -> Prepared:
    """A line of JSON that Filebeat decoded into `json`, without the time at which it was shipped."""
    lifted = _lifted({name: value for name, value in document.items() if name != "@timestamp"}, "json")
    return Prepared(lifted.document, [("timestamp", "@timestamp", document["@timestamp"])])


def _lifted(document: Mapping[str, Any], name: str) -> Prepared:
    """The members of an inner object, and beside them those of the outer one."""
    members = dict(document[name])
    for each, value in document.items():
        if each != name:
            add(members, each, value)
    return Prepared(members)
