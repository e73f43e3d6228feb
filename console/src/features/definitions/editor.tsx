import { RedoOutlined, UndoOutlined } from '@ant-design/icons'
import { Alert, App, Button, Input, Popconfirm, Segmented, Space } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { DefinitionDetail } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { useLanguage } from '@/lib/language'
import { problemText } from '@/lib/reasons'
import { ConditionBuilder } from './condition-builder'
import { useChange } from './definitions-api'
import { MovementPanel } from './movement-panel'
import { PastVersions } from './past-versions'
import { listOf, type PageKind } from './places'
import { PreviewPanel } from './preview-panel'
import { TextEditor } from './text-editor'
import { useWriting } from './use-writing'

/** Words first, then the conditions; what it means is said anew with every change. */
export function Editor({ kind, definition }: { kind: PageKind; definition: DefinitionDetail | null }) {
  const { t } = useTranslation()
  const { words } = useLanguage()
  const { message } = App.useApp()
  const go = useNavigate()
  const told = useProblemText()
  const change = useChange()
  const [why, setWhy] = useState('')
  const writing = useWriting(kind, definition)
  const { understood, place } = writing
  const isGood = understood?.usable === true && writing.title.trim() !== ''

  const done = (text: string) => {
    void message.success(text)
    void go(listOf(kind))
  }
  const activate = async () => {
    try {
      await writing.save()
      await change.mutateAsync({ ...place, step: 'activate', why })
      done(t('definitions.activated', { name: writing.title }))
    } catch (problem) {
      void message.error(told(problem).title)
    }
  }
  const retire = () =>
    change.mutate({ ...place, step: 'retire', why }, { onSuccess: () => done(t('definitions.retired', { name: writing.title })) })
  const drop = () => change.mutate({ ...place, step: 'drop' }, { onSuccess: () => done(t('definitions.dropped')) })
  const rollBack = (version: number) =>
    change.mutate({ ...place, step: 'roll-back', version, why }, { onSuccess: () => done(t('definitions.rolled_back', { n: version })) })

  return (
    <div className="page">
      <header className="page-head">
        <h1>{definition ? words(definition.names) : t(`definitions.create.${kind}`)}</h1>
        <span className="quiet small" role="status">
          {writing.savedAs}
        </span>
      </header>
      <div className="editor">
        <div className="editor-main">
          <Panel title={t('definitions.what')} name="writing">
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
            <p className="said" aria-live="polite" data-part="sentence">
              <b>{t(`definitions.says.${kind}`)}</b>
              {understood?.sentence ? words(understood.sentence) : t('definitions.says_nothing')}
            </p>
            <div className="editor-tools">
              <Segmented
                value={writing.mode}
                onChange={writing.setMode}
                options={(['rows', 'text'] as const).map((value) => ({
                  value,
                  label: t(`definitions.mode.${value}`),
                  disabled: value === 'rows' && !writing.hasRows,
                }))}
              />
              <Space>
                <Button size="small" icon={<UndoOutlined />} disabled={!writing.undo} onClick={writing.undo} aria-label={t('definitions.undo')} />
                <Button size="small" icon={<RedoOutlined />} disabled={!writing.redo} onClick={writing.redo} aria-label={t('definitions.redo')} />
              </Space>
            </div>
            {!writing.hasRows && <p className="quiet small">{t('definitions.text_only')}</p>}
            {writing.mode === 'rows' ? (
              <ConditionBuilder rows={writing.rows} onRows={writing.setRows} own={kind === 'segment' ? place.key : ''} />
            ) : (
              <TextEditor text={writing.text} onText={writing.setText} position={understood?.position ?? null} />
            )}
            <Wrong understood={understood} />
            {writing.problem !== null && <ProblemAlert error={writing.problem} />}
            {change.isError && <ProblemAlert error={change.error} />}
          </Panel>
          <div className="editor-end">
            <Input value={why} maxLength={500} placeholder={t('definitions.why')} aria-label={t('definitions.why')} onChange={({ target }) => setWhy(target.value)} />
            <Button type="primary" disabled={!isGood} loading={change.isPending} onClick={() => void activate()}>
              {t('definitions.activate')}
            </Button>
            {definition?.draft && <Button onClick={drop}>{t('definitions.drop')}</Button>}
            {definition?.now && (
              <Popconfirm title={t('definitions.retire_sure')} okText={t('definitions.retire')} cancelText={t('app.cancel')} onConfirm={retire}>
                <Button danger>{t('definitions.retire')}</Button>
              </Popconfirm>
            )}
          </div>
          {definition && <PastVersions definition={definition} onRollBack={rollBack} />}
        </div>
        <div className="editor-beside">
          {kind === 'segment' && definition?.now && <MovementPanel segment={definition.key} />}
          <PreviewPanel kind={kind} own={place.key} understood={understood} />
        </div>
      </div>
    </div>
  )
}

/** What is wrong with what stands there, or what is allowed and hardly meant. */
function Wrong({ understood }: { understood: ReturnType<typeof useWriting>['understood'] }) {
  const { language } = useLanguage()
  if (!understood) return null
  const { code, problem, warnings } = understood
  return (
    <>
      {problem !== null && <Alert type="warning" showIcon title={problemText(code ?? '', language)?.text ?? problem} description={problem} />}
      {warnings.map((warning) => (
        <Alert key={warning} type="info" showIcon title={warning} />
      ))}
    </>
  )
}
