/**
 * What the server notes of a refused event, for people: it says in English which field, which value
 * and which rule. The rule is what the code beside it says; here are field and value, in words.
 *
 * `tests/rejected-details.json` holds what the server really says of some events.
 */
import type { TextKey } from './language'

interface Said {
  key: TextKey
  places: Record<string, string>
}

const FORMS: readonly (readonly [TextKey, RegExp])[] = [
  ['detail.unknown_event', /^unknown event "(?<name>.+?)"\.(?: Did you mean "(?<near>.+)"\?)?$/],
  ['detail.no_field', /^(?<event>\S+) has no field "(?<name>.+?)"\.(?: Did you mean "(?<near>.+)"\?)?$/],
  ['detail.needs_room', /^(?<event>\S+) needs a room, and its source has no default$/],
  ['detail.needs', /^(?<event>\S+) needs (?<name>[\w, ]+)$/],
  ['detail.has_most', /^(?<name>\S+) has (?<n>\d+) (?:characters|entries|lines); the most is (?<most>\d+)$/],
  ['detail.has_none', /^an? (?:event|product) has no (?<name>\w+)$/],
  ['detail.is', /^(?:an? )?(?<name>\S+) is (?<value>.+?)(?:; (?:it must|the most).*)?$/],
]

/** The words of a detail; undefined for one that is said in no such form. */
export function detailWords(detail: string): Said | undefined {
  for (const [key, form] of FORMS) {
    const found = form.exec(detail)?.groups
    if (found) return { key, places: Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) }
  }
  return undefined
}
