"""What the pages believe the server sends is what it sends: `api/types` and the OpenAPI document.

The types are written by hand, with their units and reasons; here each field is compared with the
schema by name and by type, so that neither side changes alone.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from qianmian.server.api.application import management
from qianmian.server.site import Site
from qianmian.strategies.strategy import DEADLINE_MS
from qianmian.vocabulary.time import DAY_MS
from tools.lints.walk import ROOT

FOLDER = ROOT / "console/src/api/types"
TYPES = "\n".join(path.read_text("utf-8") for path in sorted(FOLDER.glob("*.ts")))
NAMES = {  # of the schema: of the interface
    "AccountModel": "Account",
    "ActorModel": "Actor",
    "AddedApiKey": "CreatedApiKey",
    "ApiKeyModel": "ApiKey",
    "AuditEntry": "AuditEntry",
    "AuditPage": "AuditPage",
    "AuditVerdict": "AuditVerdict",
    "BadCellModel": "BadCell",
    "CouponSystemModel": "CouponSystem",
    "ConsentGiven": "ConsentGiven",
    "ConsentRow": "ConsentChange",
    "ConsentsModel": "Consents",
    "ErasureGiven": "ErasureGiven",
    "PrivacyModel": "Privacy",
    "ErasureModel": "Erasure",
    "EventImport": "EventImport",
    "InvitationModel": "Invitation",
    "ListDetail": "ListDetail",
    "UserModel": "DefinitionUser",
    "ListImport": "ListImport",
    "ListVersionModel": "ListVersion",
    "ListModel": "ViewerList",
    "HomeModel": "Home",
    "NeedModel": "Need",
    "TagHealthModel": "TagHealth",
    "TagUserModel": "TagUser",
    "ReviewModel": "Review",
    "SliceModel": "ReviewSlice",
    "MomentsInSlice": "ReviewMoment",
    "DecidedInSlice": "ReviewDecided",
    "LinkModel": "OneTimeLink",
    "MemberChange": "MemberChange",
    "MemberModel": "Member",
    "NewApiKey": "NewApiKey",
    "NewInvitation": "NewInvitation",
    "ProductGiven": "ProductGiven",
    "ProductImport": "ProductImport",
    "ProductModel": "Product",
    "ProductPage": "ProductPage",
    "AddedKey": "CreatedKey",
    "AddedSource": "CreatedSource",
    "BasicModel": "BasicValue",
    "Board": "Board",
    "DataHealth": "DataHealth",
    "DistributionModel": "Distribution",
    "GroupingModel": "TagGrouping",
    "ShareModel": "TagShare",
    "DefinitionDetail": "DefinitionDetail",
    "DefinitionModel": "Definition",
    "HoldingModel": "Holding",
    "MovedModel": "Moved",
    "MovementModel": "Movement",
    "NamedModel": "NamedDefinition",
    "OverlapModel": "Overlap",
    "LeftOutModel": "LeftOut",
    "PreviewModel": "Preview",
    "StepPartModel": "PreviewStep",
    "ReachModel": "Reach",
    "SampleModel": "PreviewSample",
    "SecondModel": "MovedSecond",
    "ParameterModel": "Parameter",
    "Understood": "Understood",
    "WarningModel": "DefinitionWarning",
    "VersionModel": "DefinitionVersion",
    "DeadLetterModel": "DeadLetter",
    "DeadLetterPage": "DeadLetters",
    "DoneModel": "Done",
    "IntervalModel": "Interval",
    "EffectArm": "EffectArm",
    "ComparisonModel": "Comparison",
    "EffectModel": "Effect",
    "EffectGroup": "EffectGroup",
    "EffectGroups": "EffectGroups",
    "EffectReport": "EffectReport",
    "StandingModel": "EffectStanding",
    "NaiveModel": "NaiveRatio",
    "SlicesModel": "EffectSlices",
    "TurnModel": "ReviewTurn",
    "StrategyEffectModel": "StrategyEffect",
    "Doubts": "Doubt",
    "EngineModel": "EngineHealth",
    "Fired": "FiringNote",
    "FiredModel": "FiredIn",
    "Hesitating": "Hesitating",
    "HesitatingRow": "HesitatingRow",
    "Hot": "HotProduct",
    "KeyModel": "SourceKey",
    "LikingModel": "Liking",
    "LinkedId": "LinkedId",
    "PersonEvent": "PersonEvent",
    "PersonPage": "PersonPage",
    "MetaModel": "Meta",
    "MomentModel": "Moment",
    "NewSource": "NewSource",
    "PersonModel": "Person",
    "PreferenceModel": "Preference",
    "PlaybookModel": "Playbook",
    "Presented": "Presented",
    "Presenting": "Presenting",
    "RecordedSession": "RecordedSession",
    "RejectedModel": "Rejected",
    "ReplayedLetter": "Replayed",
    "RoomModel": "RoomSummary",
    "SegmentModel": "ViewerSegment",
    "SessionModel": "Session",
    "SourceHealth": "SourceHealth",
    "SourceModel": "Source",
    "Stage": "FunnelStep",
    "StageModel": "StageChange",
    "StopModel": "TrialStop",
    "TrialModel": "Trial",
    "TrialResult": "TrialResult",
    "StrategyVersionModel": "StrategyVersion",
    "StrategyModel": "StrategySummary",
    "StrategyDetail": "StrategyDetail",
    "StrategyUnderstood": "StrategyUnderstood",
    "Strategy": "Strategy",
    "Step": "Reaching",
    "Limits": "StrategyLimits",
    "Goal": "Goal",
    "HarmModel": "Harm",
    "SuggestionModel": "Suggestion",
    "Tolerance": "Tolerance",
    "Schedule": "Schedule",
    "Offer": "Offer",
    "OfferModel": "OfferInUse",
    "CodeModel": "OfferCode",
    "CodePage": "OfferCodes",
    "CodeImport": "CodeImport",
    "Guardrails": "Guardrails",
    "LimitsModel": "ShopLimits",
    "SwitchModel": "RedSwitch",
    "TodayModel": "StrategyToday",
    "DecisionModel": "Decision",
    "GuardModel": "Guard",
    "WhyModel": "StrategyWhy",
    "WhyPage": "WhyPage",
    "ChannelModel": "Channel",
    "TestedModel": "Tested",
    "FollowUpModel": "FollowUp",
    "FollowUpPage": "FollowUpPage",
    "ListedProduct": "ListedProduct",
    "RoomListsModel": "RoomLists",
    "RoomLinkModel": "RoomLink",
    "AddedRoomLink": "CreatedRoomLink",
    "OpenedLink": "OpenedLink",
    "NewRoomLink": "NewRoomLink",
    "OverlayModel": "Overlay",
    "OverlayCardModel": "OverlayCard",
    "OverlayProduct": "OverlayProduct",
    "ReplySent": "ReplySent",
    "PromptModel": "Prompt",
    "PromptPage": "PromptPage",
    "HostStageModel": "RoomStage",
    "StageProduct": "StageProduct",
    "TagModel": "ViewerTag",
    "TimelineEvent": "TimelineEvent",
    "TrendPoint": "TrendPoint",
    "ViewerFiring": "ViewerFiring",
    "ViewerModel": "Viewer",
    "WaitingModel": "WaitingMoment",
}
WITHIN = {"Comment", "CountingModel", "LogModel", "PageModel", "StepModel"}
"""Written where they are used."""
NOT_TYPED = {
    *(
        "MeModel",
        "MeTag",
        "MeSegment",
        "MeGone",
        "MeSaid",
        "MeGiven",
        "MeErasure",
    ),  # not of the console
    *("SignIn", "FirstAccount", "JoinModel", "TokenModel"),
    "NewLink",
    *("Change", "DraftModel", "RollBack", "Writing"),
    *("RoomListsGiven", "ReplyGiven"),
    *("AnswerGiven", "ApprovalGiven", "LimitsGiven", "StepGiven", "SwitchGiven", "FollowUpStep"),
    "TrialGiven",
    "SpentModel",  # for reports of others; the console shows none yet
    *("HTTPValidationError", "ValidationError"),
}
ADDED = {"Board": {"seq": "number"}}  # by the route and the socket
ASKED = {
    "NewSource",
    "MemberChange",
    "ProductGiven",
    "NewApiKey",
    "NewInvitation",
    "NewRoomLink",
}  # what is sent may leave out what has a default
WRITTEN_AS_IN_FILES = {"Strategy", "Step", "Schedule", "Limits", "Goal", "Offer", "Guardrails"} | {
    "Tolerance"
}
"""What has a default may be left out; null is a value of its own."""
PLAIN = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean"}

DOCUMENT = management(cast(Site, SimpleNamespace(version="0"))).openapi()
SCHEMAS: dict[str, dict[str, Any]] = DOCUMENT["components"]["schemas"]


def compact(text: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"/\*\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL))


ALIASES = {
    name: compact(meaning)
    for name, meaning in re.findall(r"export type (\w+) =\s*\|?((?:\s*'\w+'(?:\s*\|)?)+)\n", TYPES)
} | {"FunnelStage": "string", "Tree": "Record<string,unknown>"}  # the server says no more


def split(text: str, at: str) -> list[str]:
    """The parts between separators that are in no brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "{<[(") - (sign in "}>])")
        if sign == at and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part for part in parts if part]


def _spelled(part: str) -> str:
    if part.endswith("[]") and part[:-2] in ALIASES:
        return f"{union(ALIASES[part[:-2]])}[]"
    return ALIASES.get(part, part)


def union(text: str) -> str:
    """Alternatives in one order, inside a Record too, aliases spelled out."""
    inner = re.fullmatch(r"Record<string,([^<>]+)>", text)
    if inner:
        return f"Record<string,{union(inner[1])}>"
    spelled = (split(_spelled(part), "|") for part in split(text, "|"))
    return "|".join(sorted({one for parts in spelled for one in parts}))


def fields(body: str) -> dict[str, str]:
    """Name (with ? where it may be absent) and type of each field."""
    found = {}
    for line in split(body, ";"):
        name, _, meaning = line.partition(":")
        found[name] = union(meaning)
    return found


def interface(name: str) -> dict[str, str]:
    """The fields of an interface, with those that it extends."""
    pattern = rf"export interface {name}(?: extends (\w+))? {{\n(.*?)\n}}"
    found = re.search(pattern, TYPES, re.DOTALL)
    assert found, f"console/src/api/types has no {name}"
    lines = re.sub(r"/\*\*.*?\*/", "", found[2], flags=re.DOTALL)
    body = compact(re.sub(r"(?<=[^\s;{])\n", ";\n", lines))
    return (interface(found[1]) if found[1] else {}) | fields(body)


def written(schema: Any) -> str:
    """A schema as TypeScript writes it, without spaces."""
    if schema is True:
        return "unknown"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in NAMES:
            return NAMES[name]
        inner = SCHEMAS[name]["properties"].items()
        return "{" + ";".join(f"{key}:{written(one)}" for key, one in inner) + "}"
    if "anyOf" in schema:
        return union("|".join(written(one) for one in schema["anyOf"]))
    if "const" in schema:
        return f"'{schema['const']}'"
    if "enum" in schema:
        return union("|".join(f"'{one}'" for one in schema["enum"]))
    if schema.get("type") == "null":
        return "null"
    if schema.get("type") == "array":
        return f"{written(schema['items'])}[]"
    if schema.get("type") == "object":
        keys = schema.get("propertyNames", {}).get("enum", ())
        value = union(written(schema["additionalProperties"]))
        if set(keys) == {"zh", "en"}:
            return "Words" if value == "string" else f"Record<'zh'|'en',{value}>"
        return f"Record<string,{value}>"
    return PLAIN[schema["type"]]


def told(name: str) -> dict[str, str]:
    """The fields of a schema."""
    schema = SCHEMAS[name]
    found = {}
    for key, one in schema["properties"].items():
        if name in ASKED and key not in schema.get("required", ()):
            found[f"{key}?"] = union("|".join(set(written(one).split("|")) - {"null"}))
        elif name in WRITTEN_AS_IN_FILES and key not in schema.get("required", ()):
            found[f"{key}?"] = written(one)
        else:
            found[key] = written(one)
    return found | ADDED.get(name, {})


def test_every_schema_has_its_interface() -> None:
    assert set(SCHEMAS) == {*NAMES, *WITHIN, *NOT_TYPED}


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_know_every_field_as_it_is(name: str) -> None:
    assert interface(NAMES[name]) == told(name)


def test_the_form_tells_the_usual_deadline_of_each_channel() -> None:
    path = ROOT / "console/src/features/strategies/strategy-steps.tsx"
    text = path.read_text("utf-8")
    usual = {
        name: DAY_MS // 1_000 if value == "DAY_S" else int(value)
        for name, value in re.findall(r"(\w+): (\w+)", _between(text, "USUAL_S: ", "}\n"))
        if name in DEADLINE_MS
    }
    others = int(_between(text, "OTHERS_S = ", "\n"))
    assert {name: usual.get(name, others) for name in DEADLINE_MS} == {
        name: ms // 1_000 for name, ms in DEADLINE_MS.items()
    }


def _between(text: str, begin: str, end: str) -> str:
    return text.partition(begin)[2].partition(end)[0]
