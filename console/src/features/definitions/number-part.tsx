import { Select } from 'antd'
import { OpenChoice } from '@/components/open-choice'
import { useLanguage, useTexts } from '@/lib/language'
import { traitName } from '@/lib/trait-words'
import { EventChoice, ScopeChoice, type Editor } from './choices'
import { measureOf, MEASURES, OF_PRODUCTS, SUMMED, THINGS, type Measure } from './measures'

/** Traits that are numbers. */
const NUMBERS = ['age', 'registered_days', 'member_level']

/** What a tag measures whose value is a number. */
export function NumberPart({ value, onChange }: Editor<Measure>) {
  const { t } = useTexts()
  return (
    <div className="condition" data-part="number">
      <Select
        size="small"
        value={value.kind}
        onChange={(kind) => onChange(measureOf(kind))}
        aria-label={t('measures.what')}
        popupMatchSelectWidth={false}
        options={MEASURES.map((kind) => ({ value: kind, label: t(`measures.kind.${kind}`) }))}
      />
      {value.kind === 'trait' || value.kind === 'score' ? (
        <NameOf value={value} onChange={onChange} />
      ) : (
        <Counted value={value} onChange={onChange} />
      )}
    </div>
  )
}

/** Which events, in which time, and what is told apart in them. */
function Counted({ value, onChange }: Editor<Measure>) {
  const { t } = useTexts()
  const only = value.kind === 'sum' ? { only: SUMMED } : value.kind === 'distinct' ? { only: OF_PRODUCTS } : {}
  return (
    <>
      <EventChoice {...only} value={value.event} onChange={(event) => onChange({ ...value, event })} />
      <ScopeChoice value={value.within} onChange={(within) => onChange({ ...value, within })} />
      {value.kind === 'distinct' && (
        <Select
          size="small"
          value={value.thing}
          onChange={(thing) => onChange({ ...value, thing })}
          aria-label={t('measures.thing')}
          popupMatchSelectWidth={false}
          options={THINGS.map((thing) => ({ value: thing, label: t(`measures.things.${thing}`) }))}
        />
      )}
    </>
  )
}

function NameOf({ value, onChange }: Editor<Measure>) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const isTrait = value.kind === 'trait'
  const known = isTrait ? NUMBERS.map((name) => ({ value: name, label: traitName(name, language) })) : []
  return (
    <OpenChoice
      className="trait-name"
      value={value.name}
      known={known}
      longest={64}
      label={t(isTrait ? 'conditions.trait' : 'measures.score')}
      onChange={(name) => onChange({ ...value, name })}
    />
  )
}
