"""Where a person is reached over a channel, as the newest stored profiles say.

They are of last midnight: an address that the shop told today counts from tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable

from qianmian.profiles.basic import better
from qianmian.profiles.identity import person_around
from qianmian.storage.profile_file import StoredProfiles
from qianmian.storage.sql.identities import IdentityStore
from qianmian.vocabulary.channels import ADDRESS_TRAITS, Channel


def addresses_of(
    identities: IdentityStore, profiles: StoredProfiles
) -> Callable[[str, Channel], str | None]:
    """Looks addresses up: of all ids of a person, the one that counts most.

    Cost of a look-up: one question to the database, and a binary search for each id.
    Raises (a look-up): InputError, OperationalError when something cannot be read.
    """

    def address(viewer: str, channel: Channel) -> str | None:
        stored = profiles.newest()
        if stored is None:
            return None
        found = None
        names = [name for name in ADDRESS_TRAITS[channel] if not name.startswith("has_")]
        for one in sorted(person_around(identities.edges_around(viewer), viewer)):
            profile = stored.of(one)
            told = [] if profile is None else [profile.basic.get(name) for name in names]
            for basic in told:
                if basic is not None and isinstance(basic.value, str) and basic.value:
                    found = basic if found is None else better(found, basic)
        return None if found is None else str(found.value)

    return address
