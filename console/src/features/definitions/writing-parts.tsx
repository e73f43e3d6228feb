import { RedoOutlined, UndoOutlined } from '@ant-design/icons'
import { Alert, Button, Input, Segmented, Space } from 'antd'
import { ProblemAlert, useUnknownName } from '@/components/problem'
import { ServerWords } from '@/components/server-words'
import { useLanguage, useTexts } from '@/lib/language'
import { problemText } from '@/lib/reasons'
import { ConditionBuilder } from './condition-builder'
import { NumberPart } from './number-part'
import type { PageKind } from './places'
import { TextEditor } from './text-editor'
import type { Writing } from './use-writing'

interface Props {
  kind: PageKind
  writing: Writing
}

/** How people call it, and what it says in one sentence. */
export function WordsPart({ writing }: Pick<Props, 'writing'>) {
  const { t } = useTexts()
  return (
    <div className="editor-words">
      <Input
        value={writing.title}
        maxLength={64}
        placeholder={t('definitions.title_example')}
        aria-label={t('definitions.name')}
        onChange={({ target }) => writing.setTitle(target.value)}
      />
      <Input
        value={writing.meaning}
        maxLength={500}
        placeholder={t('definitions.meaning_example')}
        aria-label={t('definitions.meaning')}
        onChange={({ target }) => writing.setMeaning(target.value)}
      />
    </div>
  )
}

/** What the conditions mean, said anew with every change. */
export function SentencePart({ kind, writing }: Props) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const sentence = writing.understood?.sentence
  return (
    <p className="said" aria-live="polite" data-part="sentence">
      <b>{t(`definitions.says.${kind}`)}</b>
      {sentence ? words(sentence) : t('definitions.says_nothing')}
    </p>
  )
}

const PLAIN_MODES = ['rows', 'text'] as const
const MODES = ['rows', 'number', 'text'] as const

/** The conditions, as rows or as text, or what a tag measures, and what is wrong with them. */
export function ConditionsPart({ kind, writing }: Props) {
  const { t } = useTexts()
  const { understood, place } = writing
  return (
    <>
      <div className="editor-tools">
        <Segmented
          value={writing.mode}
          onChange={writing.setMode}
          options={(kind === 'tag' ? MODES : PLAIN_MODES).map((value) => ({
            value,
            label: t(`definitions.mode.${value}`),
            disabled: (value === 'rows' && !writing.hasRows) || (value === 'number' && !writing.hasNumber),
          }))}
        />
        <Space>
          <Button size="small" icon={<UndoOutlined />} disabled={!writing.undo} onClick={writing.undo} aria-label={t('definitions.undo')} />
          <Button size="small" icon={<RedoOutlined />} disabled={!writing.redo} onClick={writing.redo} aria-label={t('definitions.redo')} />
        </Space>
      </div>
      {!writing.hasRows && !writing.hasNumber && <p className="quiet small">{t('definitions.text_only')}</p>}
      {writing.mode === 'rows' && (
        <ConditionBuilder rows={writing.rows} onRows={writing.setRows} own={kind === 'segment' ? place.key : ''} />
      )}
      {writing.mode === 'number' && <NumberPart value={writing.measure} onChange={writing.setMeasure} />}
      {writing.mode === 'text' && (
        <TextEditor text={writing.text} onText={writing.setText} position={understood?.position ?? null} />
      )}
      <Wrong understood={understood} />
      {writing.problem !== null && <ProblemAlert error={writing.problem} />}
    </>
  )
}

/** What is wrong with what stands there, or what is allowed and hardly meant. */
function Wrong({ understood }: Pick<Writing, 'understood'>) {
  const { language, words } = useLanguage()
  const unknownName = useUnknownName()
  if (!understood) return null
  const { code, problem, said, warnings, params } = understood
  const named = unknownName(params)
  return (
    <>
      {problem !== null && (
        <Alert
          type="warning"
          showIcon
          title={named ?? problemText(code ?? '', language)?.text ?? problem}
          description={named !== null ? undefined : said ? words(said) : <ServerWords words={problem} />}
        />
      )}
      {warnings.map((warning) => (
        <Alert key={warning.code} type="info" showIcon title={words(warning.said)} />
      ))}
    </>
  )
}
