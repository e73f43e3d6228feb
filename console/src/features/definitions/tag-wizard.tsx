import { Button, Input, Steps } from 'antd'
import { useState } from 'react'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { DistributionPanel } from './distribution-panel'
import { useEnding } from './use-ending'
import { useWriting } from './use-writing'
import { ConditionsPart, SentencePart, WordsPart } from './writing-parts'

const STEPS = ['words', 'conditions', 'activate'] as const
const LAST = STEPS.length - 1

/** A new tag in three steps: what it says, of whom it holds, and that it holds; who has it is beside it. */
export function TagWizard() {
  const { t } = useTexts()
  const writing = useWriting('tag', null)
  const ending = useEnding('tag', writing)
  const [step, setStep] = useState(0)
  const isReady = step === 0 ? writing.title.trim() !== '' : ending.isGood
  const canGo = (to: number) => to <= step || (writing.title.trim() !== '' && (to < LAST || ending.isGood))
  const name = STEPS[step] ?? 'words'
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('definitions.create.tag')}</h1>
        <span className="quiet small" role="status">
          {writing.savedAs}
        </span>
      </header>
      <Steps
        size="small"
        current={step}
        onChange={setStep}
        items={STEPS.map((one, place) => ({ title: t(`wizard.${one}.step`), disabled: !canGo(place) }))}
      />
      <div className={step === 0 ? '' : 'editor'}>
        <div className="editor-main">
          <Panel title={t(`wizard.${name}.title`)} name={`wizard-${name}`}>
            {step === 0 && (
              <>
                <WordsPart writing={writing} />
                <p className="quiet small wizard-help">{t('wizard.words.help')}</p>
              </>
            )}
            {step > 0 && <SentencePart kind="tag" writing={writing} />}
            {step === 1 && <ConditionsPart kind="tag" writing={writing} />}
            {step === LAST && (
              <>
                <p>{t('wizard.activate.help')}</p>
                <Input
                  value={ending.why}
                  maxLength={500}
                  placeholder={t('definitions.why')}
                  aria-label={t('definitions.why')}
                  onChange={({ target }) => ending.setWhy(target.value)}
                />
              </>
            )}
            {ending.problem !== null && <ProblemAlert error={ending.problem} />}
            {writing.problem !== null && step !== 1 && <ProblemAlert error={writing.problem} />}
          </Panel>
          <div className="editor-end wizard-end">
            {step > 0 && <Button onClick={() => setStep(step - 1)}>{t('wizard.back')}</Button>}
            {step < LAST ? (
              <Button type="primary" disabled={!isReady} onClick={() => setStep(step + 1)}>
                {t('wizard.next')}
              </Button>
            ) : (
              <Button type="primary" disabled={!ending.isGood} loading={ending.isPending} onClick={ending.activate}>
                {t('definitions.activate')}
              </Button>
            )}
          </div>
        </div>
        {step > 0 && (
          <div className="editor-beside">
            <DistributionPanel own={writing.place.key} understood={writing.understood} />
          </div>
        )}
      </div>
    </div>
  )
}
