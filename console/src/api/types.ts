/**
 * What the server sends and takes. Instants are ms UTC, money is in minor units of its currency.
 * `tests/unit/server/test_console_types.py` compares each field with the server's OpenAPI document.
 */

export interface Words {
  zh: string
  en: string
}

export interface Account {
  id: string
  name: string
  role: string
  /** Actions, as `products.write`; the server decides, the pages only hide what it would refuse. */
  may: string[]
}

export interface Session {
  account: Account | null
  /** No account exists yet: the first one is made with the one-time link. */
  first_run: boolean
  csrf: string | null
}

export interface Moment {
  key: string
  scope: 'viewer' | 'room'
  names: Words
  meaning: Words
  sentence: Words
  /** In the condition language. */
  text: string
}

export interface Meta {
  version: string
  zone: string
  currency: string
  /** What arrives later than this is history only. */
  lateness_ms: number
  moments: Moment[]
  /** Names of the event types. */
  events: Record<string, Words>
}

export interface RoomSummary {
  room: string
  title: string
  session: string
  started_at: number | null
  live: boolean
  online: number
}

export const FUNNEL_STAGES = [
  'room_entered',
  'product_viewed',
  'product_clicked',
  'cart_added',
  'order_created',
  'order_paid',
] as const
export type FunnelStage = (typeof FUNNEL_STAGES)[number]

export interface FunnelStep {
  stage: FunnelStage
  viewers: number
}

export interface TrendPoint {
  at: number
  online: number
  gmv_minor_per_min: number
  orders_per_min: number
}

export interface Presented {
  product: string
  title: string
  from: number
  to: number | null
}

export interface Presenting {
  product: string
  title: string
  link_number: number | null
}

export interface HesitatingRow {
  viewer: string
  /** Null where the reason is about no single product; `category` then says about which kind. */
  product: string | null
  category: string | null
  title: string | null
  /** Key of the moment that put the viewer here. */
  reason: string
  since: number
  at: number
  moments: string[]
}

export interface Hesitating {
  /** All of them; `rows` holds the newest 5,000. */
  count: number
  rows: HesitatingRow[]
}

export interface Doubt {
  product: string | null
  title: string | null
  viewers: number
  latest: { text: string; at: number }[]
  rising: boolean
}

export interface HotProduct {
  product: string
  title: string
  points: number
}

export interface FiringNote {
  id: string
  at: number
  moment: string
  viewer: string | null
  /** Its product or category. */
  about: string | null
}

export interface BoardNumbers {
  title: string
  session: string
  started_at: number | null
  as_of: number
  /** How far the engine is behind the log. */
  lag_ms: number
  online: number
  online_peak: number
  entered: number
  gmv_minor: number
  refunds_minor: number
  currency: string
  orders: number
  orders_per_min: number
  /** Buyers among those who entered, in basis points. */
  conversion_bp: number | null
  /** GMV per thousand viewers who entered. */
  gpm_minor: number | null
  stage: string | null
  presenting: Presenting | null
}

export interface Board extends BoardNumbers {
  room: string
  /** Of the message that brought it. */
  seq: number
  funnel: FunnelStep[]
  trend: TrendPoint[]
  presented: Presented[]
  hesitating: Hesitating
  doubts: Doubt[]
  hot: HotProduct[]
  firings_by_moment: Record<string, number>
  firings: FiringNote[]
}

/** What changed since the message before. */
export interface BoardDelta extends Partial<BoardNumbers> {
  funnel?: FunnelStep[]
  presented?: Presented[]
  doubts?: Doubt[]
  hot?: HotProduct[]
  firings_by_moment?: Record<string, number>
  trend_add?: TrendPoint[]
  firings_add?: FiringNote[]
  hesitating?: {
    count: number
    put: HesitatingRow[]
    drop: [viewer: string, place: string][]
  }
}

export type ServerMessage =
  | { op: 'snapshot'; topic: string; seq: number; data: unknown }
  | { op: 'delta'; topic: string; seq: number; data: unknown }
  | { op: 'error'; topic?: string; code: string; detail: string }
  | { op: 'pong'; at: number }

export type Origin = 'declared' | 'platform' | 'stated' | 'inferred'

export interface BasicValue {
  name: string
  names: Words
  value: string | number | boolean
  origin: Origin
  /** In percent. */
  confidence: number
  at: number
}

export interface Done {
  /** Of the event. */
  type: string
  n: number
  last: number
  amount_minor: number
}

export interface Liking {
  value: string
  names: Words
  /** 0 to 1. */
  share: number
  n: number
}

export type Dimension = 'category' | 'price_band' | 'brand' | 'brand_tone'

export interface Preference {
  dimension: Dimension
  acts: number
  /** Whether there are acts enough to say anything. */
  enough: boolean
  preferred: string | null
  likings: Liking[]
}

export type LifeStage = 'new' | 'active' | 'churn_risk' | 'dormant' | 'returned'

export interface StageChange {
  stage: LifeStage
  since: number
}

export type Tier = 'basic' | 'behavior' | 'value' | 'predictive'
/** `unknown`: insufficient evidence. */
export type TagAnswer = 'yes' | 'no' | 'unknown' | 'value'

export interface ViewerTag {
  key: string
  names: Words
  meaning: Words
  /** Null for a tag of the shop's own. */
  tier: Tier | null
  answer: TagAnswer
  value: string | null
  value_names: Words | null
  sentence: Words | null
  since: number | null
  because: string[]
}

export interface ViewerSegment {
  key: string
  names: Words
  meaning: Words
  sentence: Words
  since: number | null
  because: string[]
}

export interface WaitingMoment {
  moment: string
  /** Its product or category. */
  about: string | null
  title: string | null
  due: number
}

export interface Person {
  /** Not of a minor, or in strict mode of whom nobody knows: then there is no profile. */
  is_profiled: boolean
  basic: BasicValue[]
  behavior: Done[]
  preference: Preference[]
  /** The last one is that of now. */
  stages: StageChange[]
  tags: ViewerTag[]
  segments: ViewerSegment[]
  visits: number
  waiting: WaitingMoment[]
  first_seen: number | null
}

export interface ViewerFiring {
  id: string
  moment: string
  at: number
  product: string | null
  explanation: Words
  because: string[]
}

export interface TimelineEvent {
  type: string
  at: number
  arrival: number
  product: string | null
  title: string | null
  text: string | null
  amount_minor: number | null
  source: string | null
  message_id: string | null
}

export interface Viewer {
  viewer: string
  known: boolean
  room: string
  present: boolean
  entered_at: number | null
  last_seen: number | null
  page: { product: string; title: string; since: number } | null
  person: Person
  firings: ViewerFiring[]
  timeline: TimelineEvent[]
  /** How far back the timeline reaches, and whether that is the whole visit. */
  since: number
  whole: boolean
}

export type KeyClass = 'browser' | 'server' | 'connector'

export interface SourceHealth {
  name: string
  /** Null for a source that has been removed. */
  key_class: string | null
  first_at: number | null
  last_at: number | null
  events: number
  duplicates: number
  late: number
  rejected: number
  rejected_by_code: Record<string, number>
  delay_p50_ms: number | null
  delay_p95_ms: number | null
}

export interface EngineHealth {
  lag_ms: number
  /** Rows that have arrived and are not yet followed. */
  waiting: number
  viewers: number
  accepted: number
  duplicates: number
  late: number
  refused: number
  problem: string | null
}

export interface DataHealth {
  as_of: number
  log: { first_offset: number; next_offset: number; last_clock: number }
  engine: EngineHealth
  sources: SourceHealth[]
  dead_letters: number
}

export interface DeadLetter {
  id: string
  at: number
  source: string
  route: string
  code: string
  detail: string
  events: number
  size: number
  preview: string
}

export interface DeadLetters {
  items: DeadLetter[]
  next: string | null
}

export interface Rejected {
  index: number
  message_id: string | null
  code: string
  detail: string
}

export interface Replayed {
  accepted: number
  rejected: Rejected[]
}

export interface SourceKey {
  id: string
  prefix: string
  created_at: number
  revoked_at: number | null
}

export interface Source {
  name: string
  key_class: KeyClass
  namespace: string
  default_room: string | null
  created_at: number
  first_event_at: number | null
  last_event_at: number | null
  keys: SourceKey[]
}

export interface NewSource {
  name: string
  key_class: KeyClass
  default_room?: string
  /** It sends heartbeats, so that silence means that a viewer has left. */
  presence?: boolean
}

export interface CreatedSource {
  source: Source
  /** Shown once; the server keeps a hash only. */
  write_key: string
}

export interface CreatedKey {
  key_id: string
  write_key: string
}

export interface Problem {
  code?: string
  title?: string
  detail?: string
  params?: Record<string, unknown>
}

export type DefinitionKind = 'moment' | 'tag' | 'segment'

export interface NamedDefinition {
  kind: DefinitionKind
  key: string
  names: Words
}

/** Of those in the room, and of all with a live row. */
export interface Holding {
  present: number
  live: number
}

/** One version; what is built in has no instants. */
export interface DefinitionVersion {
  version: number
  state: 'draft' | 'active' | 'replaced' | 'retired'
  text: string
  /** Null while a draft cannot be understood. */
  sentence: Words | null
  title: Record<string, string>
  meaning: Record<string, string>
  made_at: number
  made_by: string
  why: string
  active_from: number | null
  active_until: number | null
  ended_by: string | null
}

export interface FiredIn {
  room: string
  count: number
}

export interface Definition {
  kind: DefinitionKind
  key: string
  names: Words
  meaning: Words
  built_in: boolean
  now: DefinitionVersion | null
  draft: DefinitionVersion | null
  used_by: NamedDefinition[]
  uses: NamedDefinition[]
  /** Since when it counts, if not from the start; backfilled: with the minutes before. */
  counting: { since: number; backfilled: boolean } | null
  /** Of how many viewers in open rooms it holds now. */
  holding: Holding | null
  /** Of how many there is enough evidence to say so. */
  enough: Holding | null
  tier: Tier | null
  freshness: 'live' | 'session' | 'daily' | null
  /** The tag whose value it is. */
  part_of: string | null
  /** Of moments, since the last midnight of the shop, the busiest room first. */
  fired: FiredIn[]
  /** The numbers of a built-in moment. */
  parameters: Record<string, string>
}

/** The JSON tree of an expression of the condition language. */
export interface Tree {
  op: string
  [part: string]: unknown
}

export interface DefinitionDetail extends Definition {
  tree: Tree | null
  history: DefinitionVersion[]
}

/** What a text or a tree means, or what is wrong with it. */
export interface Understood {
  usable: boolean
  text: string | null
  tree: Tree | null
  sentence: Words | null
  sort: 'level' | 'pulse' | null
  warnings: string[]
  uses: NamedDefinition[]
  code: string | null
  problem: string | null
  position: number | null
  path: string | null
}

export interface Invitation {
  role: string
  /** Of the account whose password it resets; null for a new account. */
  name: string | null
}

export type Role = 'owner' | 'lead' | 'operator' | 'service' | 'host' | 'reader'
export type ApiKeyRole = 'lead' | 'operator' | 'service' | 'reader'

export interface Member {
  id: string
  name: string
  role: Role
  created_at: number
  seen_at: number | null
  disabled_at: number | null
}

export interface NewInvitation {
  role: Role
}

/** Shown once: `token` stands behind the # of `/join`. */
export interface OneTimeLink {
  token: string
  role: Role
  expires_at: number
}

export interface MemberChange {
  role?: Role
  disabled?: boolean
  reason?: string
}

export interface ApiKey {
  id: string
  name: string
  role: ApiKeyRole
  prefix: string
  created_at: number
  used_at: number | null
  revoked_at: number | null
}

export interface NewApiKey {
  name: string
  role: ApiKeyRole
}

export interface CreatedApiKey {
  key: ApiKey
  /** Shown once. */
  secret: string
}

export interface Actor {
  kind: 'account' | 'key' | 'command' | 'system'
  id: string
  name: string
}

export interface AuditEntry {
  number: number
  at: number
  actor: Actor
  action: string
  subject: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  reason: string
}

export interface AuditPage {
  items: AuditEntry[]
  next: number | null
}

export interface AuditVerdict {
  rows: number
  head: string
  intact: boolean
  broken_at: number | null
  problem: string | null
  as_of: number
}

export interface Product {
  id: string
  title: string
  link_number: number | null
  /** From the widest to the narrowest. */
  category: string[]
  brand: string | null
  brand_tone: string | null
  price_minor: number | null
  currency: string
  stock: number | null
  selling_points: string[]
  related: string[]
  updated_at: number
}

export interface ProductGiven {
  title?: string
  link_number?: number
  category?: string[]
  brand?: string
  brand_tone?: string
  price_minor?: number
  currency?: string
  stock?: number
  selling_points?: string[]
  related?: string[]
}

export interface ProductPage {
  items: Product[]
  total: number
}

export interface BadCell {
  line: number
  /** Empty where the row as a whole is wrong. */
  column: string
  code: string
  detail: string
}

export interface TableReport {
  encoding: string
  rows: number
  bad: number
  problems: BadCell[]
  ignored: string[]
  dry_run: boolean
}

export interface ListVersion {
  version: number
  size: number
  made_at: number
  made_by: string
  /** Its members are still there. */
  kept: boolean
}

export interface ViewerList extends ListVersion {
  key: string
  title: string
  used_by: NamedDefinition[]
}

export interface ListDetail extends ViewerList {
  history: ListVersion[]
}

export interface ListImport extends TableReport {
  version: number
  size: number
  added: number
  removed: number
}

export interface ProductImport extends TableReport {
  added: number
  changed: number
  unchanged: number
}

export interface EventImport extends TableReport {
  events: number
}

/** Something a person says; marketing without a channel is the person's switch. */
export interface ConsentGiven {
  purpose: 'personalized_marketing' | 'share'
  channel: '' | 'in_room' | 'push' | 'sms' | 'wechat' | 'email' | 'phone'
  granted: boolean
  text_version: string
  evidence: string
}

/** A change, with what proves it. */
export interface ConsentChange {
  purpose: string
  channel: string
  granted: boolean
  event_time: number
  source: string
  text_version: string
  evidence: string
}

/** What a person agreed to: the switch, over which channel one may write, and every change. */
export interface Consents {
  personalized: boolean
  channels: Record<string, boolean>
  share: boolean
  /** Keys of the tags that the person took away. */
  withheld_tags: string[]
  changes: ConsentChange[]
}

/** What holds for everybody; `retention` in days by class of data, 0 is for ever. */
export interface Privacy {
  minors: 'exclude' | 'strict' | 'off'
  retention: Record<string, number>
  refused: Words[]
}

/** A person is to be erased; `confirm` is the id once more, typed. */
export interface ErasureGiven {
  viewer: string
  confirm: string
  reason: string
}

/** How far an erasure is: `step` is a store, `asked` or `done`; `report` counts places by store. */
export interface Erasure {
  id: string
  mark: string
  asked_at: number
  asked_by: string
  reason: string
  step: string
  done_at: number | null
  report: Record<string, number> | null
}

/** How many of another segment are in this one, too. */
export interface Overlap extends NamedDefinition {
  size: number
  both: number
}

export interface PreviewSample {
  viewer: string
  last_seen: number | null
  /** Of each of the parts of the preview whether it holds. */
  holds: boolean[]
}

/** A segment in numbers, before it is used; what arrived after `as_of` is not in them. */
/** Somebody who entered or left a segment. */
export interface Moved {
  at: number
  viewer: string
  room: string
  entered: boolean
}

export interface MovedSecond {
  at: number
  entered: number
  left: number
}

/** A segment as it moves. */
export interface Movement {
  segment: string
  at: number
  /** From when on it has been followed without a break. */
  since: number | null
  live: number
  present: number
  /** Of the last minute those in which somebody moved, oldest first. */
  seconds: MovedSecond[]
  /** Newest first. */
  people: Moved[]
}

/** How many a channel may and can reach: by their consent, and where there is an address. */
export interface Reach {
  channel: 'in_room' | 'push' | 'sms' | 'wechat' | 'email'
  count: number
}

export interface Preview {
  as_of: number
  took_ms: number
  total: number
  count: number
  /** What each condition leaves of everybody. */
  steps: { sentence: Words; alone: number; left: number }[]
  /** The place of the condition that leaves nobody. */
  empty_at: number | null
  few: boolean
  overlaps: Overlap[]
  parts: Words[]
  reach: Reach[]
  samples: PreviewSample[]
}
