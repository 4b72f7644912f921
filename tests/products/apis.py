"""Small local APIs in the shapes of real ones: how they page, where they have what, and what they do after the last page.

Each has the products 1 to `PRODUCTS`, and is a function from a request to an answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.upstreams import Answer, Request, Upstream

PRODUCTS = 25
Api = Callable[[Request], Answer]


class ApiServer(Upstream):
    """Serves one API, whatever the path."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def respond(self, request: Request) -> tuple[Answer, asyncio.Event | None]:
        _, gate = super().respond(request)
        return self._api(request), gate


def as_json(document: Any, status: int = 200, *headers: tuple[str, str]) -> Answer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Answer(status, (("Content-Type", "application/json"), *headers), body)


def cents(number: int) -> int:
    return 999 + 100 * number


def price(number: int) -> str:
    return f"{cents(number) // 100}.{cents(number) % 100:02}"


def item(number: int) -> dict[str, Any]:
    return {"id": number, "title": f"Thing {number}", "price": cents(number) / 100, "category": {"name": "toys"}}


def window(first: int, size: int) -> list[int]:
    """The numbers of up to `size` products from the position `first`, counted from 0, on."""
    return list(range(first + 1, min(first + size, PRODUCTS) + 1))


def base(request: Request) -> str:
    return f"http://{request.headers['host']}{request.path}"


def dummyjson(request: Request) -> Answer:
    skip, limit = int(request.query("skip", "0")), int(request.query("limit", "30"))
    return as_json({"products": [item(n) for n in window(skip, limit)], "total": PRODUCTS, "skip": skip, "limit": limit})


def platzi(request: Request) -> Answer:
    return as_json([item(n) for n in window(int(request.query("offset", "0")), int(request.query("limit", "10")))])


def capped(request: Request) -> Answer:
    """At most 10 at once, however many are asked for; `total` is how many this page has."""
    found = window(int(request.query("offset", "0")), 10)
    return as_json({"results": [item(n) for n in found], "total": len(found)})


def fakestore(request: Request) -> Answer:
    """All of them, whatever page is asked for."""
    return as_json([item(n) for n in window(0, PRODUCTS)])


def shopify(request: Request) -> Answer:
    found = window((int(request.query("page", "1")) - 1) * 10, 10)
    products = [{"id": n, "title": f"Thing {n}", "handle": f"t-{n}", "variants": [{"price": price(n)}]} for n in found]
    return as_json({"products": products})


def shopify_admin(request: Request) -> Answer:
    page = int(request.query("page_info", "1"))
    links = [f'<{base(request)}?page_info={page - 1}&limit=10>; rel="previous"'] if page > 1 else []
    links += [f'<{base(request)}?page_info={page + 1}&limit=10>; rel="next"'] if page < 3 else []
    products = json.loads(shopify(Request("GET", f"/?page={page}", {})).body)
    return as_json(products, 200, *((("Link", ", ".join(links)),) if links else ()))


def woocommerce(request: Request) -> Answer:
    """A page after the last one is 400."""
    found = window((int(request.query("page", "1")) - 1) * 10, 10)
    if not found:
        return as_json({"code": "rest_post_invalid_page_number", "message": "…", "data": {"status": 400}}, 400)
    return as_json([{"id": n, "name": f"Thing {n}", "price": price(n), "average_rating": "4.50"} for n in found])


def woocommerce_store(request: Request) -> Answer:
    found = window((int(request.query("page", "1")) - 1) * 10, 10)
    prices = {"currency_code": "EUR", "currency_minor_unit": 2}
    return as_json([{"id": n, "name": f"Thing {n}", "prices": {**prices, "price": str(cents(n))}} for n in found])


def magento(request: Request) -> Answer:
    """A page after the last one is the last one again."""
    page = min(int(request.query("searchCriteria[currentPage]", "1")), 3)
    found = window((page - 1) * 10, 10)
    items = [{"id": n, "sku": f"S{n}", "name": f"Thing {n}", "price": cents(n) / 100} for n in found]
    return as_json({"items": items, "search_criteria": {"page_size": 10}, "total_count": PRODUCTS})


def magento_untold(request: Request) -> Answer:
    """The same, which does not say how many there are."""
    document = json.loads(magento(request).body)
    del document["total_count"]
    return as_json(document)


def bigcommerce(request: Request) -> Answer:
    page = int(request.query("page", "1"))
    links = {"current": f"?page={page}&limit=10"} | ({"next": f"?page={page + 1}&limit=10"} if page < 3 else {})
    data = [{"id": n, "name": f"Thing {n}", "price": cents(n) / 100} for n in window((page - 1) * 10, 10)]
    return as_json({"data": data, "meta": {"pagination": {"total": PRODUCTS, "total_pages": 3, "links": links}}})


def stripe(request: Request) -> Answer:
    after = int(request.query("starting_after", "p_0").removeprefix("p_"))
    found = window(after, 10)
    data = [{"id": f"p_{n}", "nickname": f"Thing {n}", "unit_amount": cents(n), "currency": "usd"} for n in found]
    return as_json({"object": "list", "data": data, "has_more": after + 10 < PRODUCTS})


def odata(request: Request) -> Answer:
    skip = int(request.query("$skip", "0"))
    value = [{"ProductID": n, "ProductName": f"Thing {n}", "UnitPrice": cents(n) / 100} for n in window(skip, 10)]
    more = {"@odata.nextLink": f"{base(request)}?$skip={skip + 10}"} if skip + 10 < PRODUCTS else {}
    return as_json({"@odata.context": "…", "value": value, **more})


def hal(request: Request) -> Answer:
    page = int(request.query("page", "0"))
    links = {"self": {"href": base(request)}} | ({"next": {"href": f"/hal?page={page + 1}"}} if page < 2 else {})
    return as_json({"_embedded": {"products": [item(n) for n in window(page * 10, 10)]}, "_links": links})


def json_api(request: Request) -> Answer:
    page = int(request.query("page[number]", "1"))
    found = window((page - 1) * 10, 10)
    data = [{"type": "product", "id": str(n), "attributes": {"title": f"Thing {n}", "price": f"${price(n)}"}} for n in found]
    following = f"{base(request)}?page[number]={page + 1}" if page < 3 else None
    return as_json({"data": data, "links": {"next": following}, "meta": {"total": PRODUCTS}})


def django(request: Request) -> Answer:
    """A page after the last one is 404."""
    found = window((int(request.query("page", "1")) - 1) * 10, 10)
    return as_json({"count": PRODUCTS, "results": [item(n) for n in found]}) if found else as_json({"detail": "…"}, 404)


def django_next(request: Request) -> Answer:
    page = int(request.query("page", "1"))
    following = f"{base(request)}?page={page + 1}" if page < 3 else None
    return as_json({"next": following, "results": [item(n) for n in window((page - 1) * 10, 10)]})


def github(request: Request) -> Answer:
    """Several headers, several relations in one, commas in URLs, and relative URLs."""
    page = int(request.query("page", "1"))
    following = ("Link", f'</items?page={page + 1}&fields=id,title>; title="a, b"; rel="nofollow Next"')
    headers = (("Link", '</items?page=1>; rel="first prev"'), *((following,) if page < 3 else ()))
    return as_json([item(n) for n in window((page - 1) * 10, 10)], 200, *headers)


def unescaped(request: Request) -> Answer:
    """Links have letters that are not ASCII, in UTF-8 and not percent-encoded."""
    page = int(request.query("page", "1"))
    if page > 1 and request.query("q", "") != "Größe":
        return as_json([])
    link = f'<?q=Größe&page={page + 1}>; rel="next"'.encode().decode("latin-1")
    return as_json([item(n) for n in window((page - 1) * 10, 10)], 200, *((("Link", link),) if page < 3 else ()))


def numbered_cursor(request: Request) -> Answer:
    """Cursors are numbers in a nested object, and false after the last."""
    after = int(request.query("after", "0"))
    following = after + 10 if after + 10 < PRODUCTS else False
    return as_json({"page": {"items": [item(n) for n in window(after, 10)], "info": {"after": following}}})


def no_content(request: Request) -> Answer:
    """A page after the last one is 204."""
    found = window((int(request.query("page", "1")) - 1) * 10, 10)
    return as_json([item(n) for n in found]) if found else Answer(204)


def postgrest(request: Request) -> Answer:
    """A window behind the last item is 416."""
    found = window(int(request.query("offset", "0")), 10)
    return as_json([item(n) for n in found]) if found else as_json({"message": "…"}, 416)


def spring(request: Request) -> Answer:
    """Pages are counted from 0."""
    page = int(request.query("page", "0"))
    return as_json({"content": [item(n) for n in window(page * 10, 10)], "totalPages": 3, "number": page})


def go(request: Request) -> Answer:
    """An empty list is null."""
    found = window((int(request.query("page", "1")) - 1) * 10, 10)
    return as_json({"items": [item(n) for n in found] or None})


def linked(request: Request) -> Answer:
    page = int(request.query("page", "1"))
    links = [{"rel": "self", "href": base(request)}] + (
        [{"rel": "next", "href": f"?page={page + 1}"}] if page < 3 else [{"rel": "prev", "href": "?page=2"}]
    )
    return as_json({"items": [item(n) for n in window((page - 1) * 10, 10)], "links": links})


def spring_data_rest(request: Request) -> Answer:
    """A page without items leaves out the list."""
    found = window(int(request.query("page", "0")) * 10, 10)
    embedded = {"_embedded": {"products": [item(n) for n in found]}} if found else {}
    return as_json({**embedded, "_links": {}, "page": {"totalElements": PRODUCTS, "totalPages": 3}})


def ebay(request: Request) -> Answer:
    skip = int(request.query("offset", "0"))
    found = [{"itemId": f"v1|{n}", "title": f"Thing {n}", "price": {"value": price(n)}} for n in window(skip, 10)]
    return as_json({"href": base(request), "total": PRODUCTS, **({"itemSummaries": found} if found else {})})


def protobuf(request: Request) -> Answer:
    """Leaves out what is empty. A page in the middle has nothing but a token."""
    token = int(request.query("pageToken", "0"))
    found = [item(n) for n in window({0: 0, 2: 10, 3: 20}.get(token, PRODUCTS), 10)]
    return as_json(({"products": found} if found else {}) | ({"nextPageToken": str(token + 1)} if token < 4 else {}))


def php(request: Request) -> Answer:
    """A list with gaps is an object, and an empty object is a list."""
    found = {str(2 * n): item(n) for n in window((int(request.query("page", "1")) - 1) * 10, 10)}
    return as_json({"items": found} if found else [])


def from_xml(request: Request) -> Answer:
    """Three products at once: a list of one is the one, and an empty list is an empty text."""
    found = [item(n) for n in window((int(request.query("page", "1")) - 1) * 3, 3)]
    return as_json({"Product": found[0] if len(found) == 1 else found or ""})


def firebase(_request: Request) -> Answer:
    """An object of all items, whose names are the ids."""
    things = [{"title": f"Thing {n}", "price": price(n)} for n in window(0, PRODUCTS)]
    return as_json({f"-N{n}": each for n, each in enumerate(things)})


def solr(request: Request) -> Answer:
    """The page after the last one is empty, and names its own cursor again. Texts have line ends as they are."""
    mark = request.query("cursorMark", "*")
    found = window(int(mark.removeprefix("m").replace("*", "0")), 10)
    document = {"products": [item(n) for n in found], "nextCursorMark": f"m{found[-1]}" if found else mark}
    return as_json(json.dumps(document).replace('"toys"', '"to\n\tys"').encode())


def failing_after(api: Api, last: int, status: int) -> Api:
    """The API, whose pages after this one are a status."""

    def answer(request: Request) -> Answer:
        page = int(request.query("page", "1"))
        return as_json({"error": "no more"}, status) if page > last else api(request)

    return answer


PLAIN: Mapping[str, Any] = {"id": "id", "title": "title", "price": "price", "category": "category.name"}
WITH_NAMES: Mapping[str, Any] = {"id": "id", "title": "name", "price": "price"}
VARIANTS: Mapping[str, Any] = {"id": "id", "title": "title", "price": "variants.0.price"}
STRIPE: Mapping[str, Any] = {
    "id": "id",
    "title": "nickname",
    "price": {"path": "unit_amount", "scale": 0.01},
    "currency": {"path": "currency", "names": {"usd": "USD"}},
}
STORE: Mapping[str, Any] = {
    "id": "id",
    "title": "name",
    "price": {"path": "prices.price", "scale": 0.01},
    "currency": "prices.currency_code",
}


def offset(**members: Any) -> Mapping[str, Any]:
    return {"kind": "offset", "parameter": "skip", "size_parameter": "limit", "size": 10, **members}


def page(**members: Any) -> Mapping[str, Any]:
    return {"kind": "page", **members}


def following(path: str) -> Mapping[str, Any]:
    return {"kind": "next", "next": path}


MAGENTO = page(parameter="searchCriteria[currentPage]", total="total_count", size=10)
SHAPES: Sequence[tuple[Api, str, Mapping[str, Any] | None, Mapping[str, Any], int]] = [
    # the API, where its items are, its paginator, its fields, and how many requests it takes
    (dummyjson, "products", offset(total="total"), PLAIN, 4),
    (platzi, "", offset(parameter="offset"), PLAIN, 4),
    (capped, "results", offset(parameter="offset", size=100, total="total"), PLAIN, 4),
    (fakestore, "", None, PLAIN, 1),
    (shopify, "products", page(), VARIANTS, 4),
    (shopify_admin, "products", {"kind": "link"}, VARIANTS, 3),
    (woocommerce, "", page(), {**WITH_NAMES, "rating": "average_rating"}, 4),
    (woocommerce_store, "", page(), STORE, 4),
    (magento, "items", MAGENTO, {**WITH_NAMES, "id": "sku"}, 4),
    (bigcommerce, "data", following("meta.pagination.links.next"), WITH_NAMES, 3),
    (stripe, "data", {"kind": "cursor", "parameter": "starting_after", "next": "data.-1.id", "more": "has_more"}, STRIPE, 3),
    (odata, "value", following("@odata.nextLink"), {"id": "ProductID", "title": "ProductName", "price": "UnitPrice"}, 3),
    (hal, "_embedded.products", following("_links.next"), PLAIN, 3),
    (hal, "_embedded.products", following("_links.next.href"), PLAIN, 3),
    (json_api, "data", following("links.next"), {"id": "id", "title": "attributes.title", "price": "attributes.price"}, 3),
    (django, "results", page(), PLAIN, 4),
    (django_next, "results", following("next"), PLAIN, 3),
    (github, "", None, PLAIN, 3),
    (unescaped, "", None, PLAIN, 3),
    (numbered_cursor, "page.items", {"kind": "cursor", "parameter": "after", "next": "page.info.after"}, PLAIN, 3),
    (no_content, "", page(), PLAIN, 4),
    (postgrest, "", offset(parameter="offset"), PLAIN, 4),
    (spring, "content", page(first=0, pages="totalPages"), PLAIN, 4),
    (failing_after(spring, 2, 500), "content", page(first=0, pages="totalPages"), PLAIN, 5),
    (failing_after(spring, 2, 422), "content", page(first=0, pages="totalPages"), PLAIN, 4),
    (go, "items", page(), PLAIN, 4),
    (linked, "items", following("links"), PLAIN, 3),
    (spring_data_rest, "_embedded.products", page(first=0), PLAIN, 4),
    (spring_data_rest, "_embedded.products", page(first=0, pages="page.totalPages"), PLAIN, 4),
    (ebay, "itemSummaries", offset(parameter="offset"), {"id": "itemId", "title": "title", "price": "price.value"}, 4),
    (protobuf, "products", {"kind": "cursor", "parameter": "pageToken", "next": "nextPageToken"}, PLAIN, 5),
    (php, "items", page(), PLAIN, 4),
    (from_xml, "Product", page(), PLAIN, 10),
    (firebase, "", None, PLAIN, 1),
    (solr, "products", {"kind": "cursor", "parameter": "cursorMark", "next": "nextCursorMark"}, PLAIN, 4),
]
