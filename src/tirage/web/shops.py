"""The routes below /v1/shops.  Shops are connected on the server's own machine (`tirage shops add`): an
address with a key is nothing that a request may bring.
"""

from __future__ import annotations

from fastapi import APIRouter

from tirage import wire
from tirage.web import shapes
from tirage.web.parts import Given

router = APIRouter(prefix="/v1/shops", tags=["shops"])


@router.get("")
def list_all(parts: Given) -> wire.ShopList:
    """The connected shops, with how many products wait for them to be told."""
    return {"shops": [shapes.shop(each) for each in parts.app.shops.list()]}


@router.get("/{name}")
def get(parts: Given, name: str) -> wire.ShopAnswer:
    """A connected shop."""
    return shapes.shop(parts.app.shops.get(name))


@router.post("/{name}/check")
def check(parts: Given, name: str) -> wire.ShopChecked:
    """Asks a shop whether it lets us read and store; 424 when it does not, 503 when it is away."""
    return {"name": name, "answer": parts.app.shops.check(name)}


@router.post("/{name}/sync")
def sync(parts: Given, name: str) -> wire.ShopSynced:
    """Brings the catalogue's products up to what a shop sells."""
    return shapes.synced(parts.app.shops.sync(name))
