"""Who is asking: a person with roles, or a machine with a key."""

from dataclasses import dataclass

from core.access import Action, Role, Scope, scope_of
from core.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated caller of this request. `account_id` is None for a machine."""

    name: str
    roles: frozenset[Role] = frozenset()
    account_id: int | None = None
    key_id: int | None = None
    department: str | None = None
    locale: str | None = None
    key_actions: frozenset[Action] = frozenset()

    @property
    def actor(self) -> str:
        """How the ledger names the caller."""
        return f"account:{self.account_id}" if self.account_id is not None else f"key:{self.key_id}"

    @property
    def person(self) -> int:
        """The account behind a page's request; a machine cannot act as a person."""
        if self.account_id is None:
            raise NotAllowed
        return self.account_id

    def scope(self, action: Action) -> Scope | None:
        if action in self.key_actions:
            return Scope.ALL
        return scope_of(self.roles, action)

    def may(self, action: Action) -> bool:
        return self.scope(action) is not None
