"""What can be set when Qianmian starts, with types, limits and defaults.

From a TOML file, and from the environment, which wins: `port` is `QIANMIAN_PORT`. Everything is
checked when it is read, and a mistake says where it stands and what would be right.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from qianmian.errors import InputError
from qianmian.locales.texts import LOCALES, locale_of
from qianmian.vocabulary.money import MINOR_DIGITS

LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
PREFIX: Final = "QIANMIAN_"
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@]+")
_HTTPS: Final = re.compile(r"https://[^\s/?#@]+")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An installation. Given once, never changed.

    Attributes:
        locale: of terminal and logs; the console has its own switch.
        home: folder that holds what an installation keeps: log, snapshots, accounts.
        database: address of a PostgreSQL database for accounts, keys, sources, products,
            definitions and the audit; without it a file in `home`.
        host, port: where the server listens.
        strategies: a file of strategies; what it says decides from the next start on.
        live_origins: origins of the shop's pages that may connect to `/live`, such as
            `https://shop.example`, with spaces between them; our own pages always may.
        public_url: under which viewers reach this server, such as `https://live.shop.example`; the
            rules of offers are linked there.
        coupons_url: the shop's coupon system, which makes the codes of offers that are issued,
            such as `https://coupons.shop.example/issue`.
        coupons_secret: the file that holds its secret, `whsec_…`.
        webhook_url: where the steps of the channel `webhook` are posted, such as
            `https://crm.shop.example/hooks`; without it they are decided and not sent.
        webhook_secret: the file that holds its secret, `whsec_…`; so that it stands in no
            environment and in no list of settings.
        email_url: the mail server of the channel `email`: `smtps://name@mail.shop.example:465`
            (TLS) or `smtp://name@mail.shop.example:587` (STARTTLS), with the name to sign in by.
        email_password: the file that holds its password.
        email_from: who writes, such as `Sock shop <news@shop.example>`; test messages go there.
        bot_secret: the file of the channel `bot`: the address of a DingTalk robot, with its token,
            in the first line, its secret `SEC…` in the second.
        push_key: the AppKey of the channel `push`, at JPush.
        push_secret: the file that holds its Master Secret.
        push_url: address of JPush.
        egress_private: whether addresses of private networks, and http, may be called.
        zone: of the shop; days begin there.
        currency: of the shop's prices (ISO 4217).
        namespace: of viewer ids that come without one.
        products: a JSON lines file of products for a new log; see `docs/server.md`.
        definitions: a file of definitions; without it the built-in moments.
        lateness_ms: how late an event may be to count.
        shards: parts the viewers are dealt to.
        expected_viewers: for how many the engine takes memory at the start.
        snapshot_s: seconds of the clock between snapshots.
        retention_days: how long the log is kept.
        history_days: how long events, firings and rooms are kept in history.
        text_days: how long what people wrote is kept there; what it was about stays.
        consent_days: how long a consent is kept that another one has replaced.
        minors: `exclude` gives minors no profile and no personalized marketing, `strict` nobody of
            unknown age either, `off` says that no minor comes here.
        json_logs: one JSON object per line instead of text for people.
    """

    locale: str = "en-US"
    home: Path = Path("var")
    database: str = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8_000
    strategies: Path | None = None
    live_origins: str = ""
    public_url: str = ""
    coupons_url: str = ""
    coupons_secret: Path | None = None
    webhook_url: str = ""
    webhook_secret: Path | None = None
    email_url: str = ""
    email_password: Path | None = None
    email_from: str = ""
    bot_secret: Path | None = None
    push_key: str = ""
    push_secret: Path | None = None
    push_url: str = "https://api.jpush.cn"
    egress_private: bool = False
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    namespace: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")] = "default"
    products: Path | None = None
    definitions: Path | None = None
    lateness_ms: Annotated[int, Meta(ge=0, le=60_000)] = 5_000
    shards: Annotated[int, Meta(ge=1, le=64)] = 1
    expected_viewers: Annotated[int, Meta(ge=0, le=5_000_000)] = 20_000
    snapshot_s: Annotated[int, Meta(ge=5, le=86_400)] = 60
    retention_days: Annotated[int, Meta(ge=1, le=3_650)] = 30
    history_days: Annotated[int, Meta(ge=1_096, le=36_500)] = 1_825
    text_days: Annotated[int, Meta(ge=1, le=3_650)] = 90
    consent_days: Annotated[int, Meta(ge=1_096, le=36_500)] = 1_825
    minors: Literal["exclude", "strict", "off"] = "exclude"
    json_logs: bool = False

    @property
    def pages(self) -> tuple[str, ...]:
        """The origins of `live_origins`, one by one."""
        return tuple(self.live_origins.split())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], file: Path | None = None) -> Settings:
        """The settings of a file and of variables `QIANMIAN_…`, which win.

        Args:
            environment: of the process.
            file: TOML; default is the one that `QIANMIAN_SETTINGS` names, if it does.

        Raises: InputError that names the setting, what is wrong, and where it stands.
        """
        named = environment.get(f"{PREFIX}SETTINGS")
        path = file if file is not None else Path(named) if named else None
        told = {} if path is None else _read(path)
        _check_names(told, path)
        where = dict.fromkeys(told, str(path))
        for name in cls.__struct_fields__:
            variable = PREFIX + name.upper()
            if variable in environment:
                told[name], where[name] = environment[variable], variable
        if "locale" not in told:
            system = next((environment[v] for v in LOCALE_VARIABLES if environment.get(v)), None)
            told["locale"] = locale_of(system)
        return _checked(told, where)


def _place(name: str, where: str) -> str:
    return where if where in (name, PREFIX + name.upper()) else f"{where}: {name}"


def _converted(told: Mapping[str, Any]) -> Settings:
    def path_of(_: type, value: object) -> Path:
        if not isinstance(value, str) or not value:
            raise ValueError("Expected the path of a file or folder")
        return Path(value)

    return msgspec.convert(dict(told), Settings, strict=False, dec_hook=path_of)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InputError(f"the settings in {path} cannot be read: {problem}") from problem


def _check_names(told: Mapping[str, Any], path: Path | None) -> None:
    for name in told:
        if name not in Settings.__struct_fields__:
            near = difflib.get_close_matches(name, Settings.__struct_fields__, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise InputError(f'{path} sets "{name}", which there is not.{hint}')


def _checked(told: Mapping[str, Any], where: Mapping[str, str]) -> Settings:
    for name, value in told.items():
        try:
            _converted({name: value})
        except msgspec.ValidationError as problem:
            what = str(problem).split(" - at ", maxsplit=1)[0]
            raise InputError(f"{where[name]}: {name} = {value!r}: {what}") from problem
    settings = _converted(told)
    place = {name: _place(name, where.get(name, name)) for name in Settings.__struct_fields__}
    if settings.locale not in LOCALES:
        raise InputError(f"{place['locale']}={settings.locale} is not one of {', '.join(LOCALES)}")
    if settings.currency not in MINOR_DIGITS:
        raise InputError(f"{place['currency']}={settings.currency} is no known ISO 4217 code")
    for origin in settings.pages:
        if not _ORIGIN.fullmatch(origin):
            raise InputError(
                f"{place['live_origins']}: {origin} is no origin such as https://shop.example"
            )
    if settings.public_url and not _HTTPS.fullmatch(settings.public_url):
        raise InputError(
            f"{place['public_url']}: {settings.public_url} is no address such as"
            " https://live.shop.example, without a path"
        )
    for url, file in (("webhook_url", "webhook_secret"), ("coupons_url", "coupons_secret")):
        if bool(getattr(settings, url)) != (getattr(settings, file) is not None):
            raise InputError(
                f"{place[url]} and {place[file]} (the file that holds its secret) go together"
            )
    if bool(settings.push_key) != (settings.push_secret is not None):
        raise InputError(
            f"{place['push_key']} and {place['push_secret']} (the file that holds its Master"
            " Secret) go together"
        )
    if bool(settings.email_url) != bool(settings.email_from):
        raise InputError(f"{place['email_url']} and {place['email_from']} go together")
    if settings.email_url and not settings.public_url:
        raise InputError(
            f"{place['email_url']} needs public_url: each letter has a link there to unsubscribe"
        )
    if settings.retention_days > settings.text_days:
        raise InputError(
            f"{place['retention_days']}={settings.retention_days} is more than"
            f" {place['text_days']}={settings.text_days}: the log holds what people wrote"
        )
    try:
        ZoneInfo(settings.zone)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise InputError(
            f"{place['zone']}={settings.zone} is no zone of the IANA database, such as"
            " Asia/Shanghai"
        ) from problem
    return settings
