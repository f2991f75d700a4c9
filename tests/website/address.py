"""What a page says about an address that asks for too much."""
from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import expect


def refused(group, messages: Iterable[str]) -> None:
    """Each setting of the address that a widget refuses has its sentence above the widget, in their order."""
    messages = list(messages)
    notes = group.page.locator(".dlb-host > .dlb-note[role=status]")
    expect(notes).to_have_count(len(messages))
    expect(notes).to_contain_text(messages)
