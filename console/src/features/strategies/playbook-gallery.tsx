import { App, Segmented, Skeleton } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { Offer, Playbook, PlaybookGroup, Strategy } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { decimalText } from '@/lib/amount'
import { count } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useOffers, usePlaybooks, usePutOffer } from './strategies-api'
import { newKey } from './strategy-form'

const GROUPS: readonly PlaybookGroup[] = ['moment', 'new', 'active', 'dormant', 'high_value', 'example']

/** Strategies that come with the product: one is copied, and then it is the operator's own. */
export function PlaybookGallery({ onPick }: { onPick: (strategy: Strategy) => void }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const [group, setGroup] = useState<PlaybookGroup>('moment')
  const found = usePlaybooks()
  const copy = useCopy(onPick)
  return (
    <Panel title={t('strategies.playbook.title')} note={t('strategies.playbook.note')} className="gap-below" name="playbooks">
      <div className="gap scroll-x">
        <Segmented<PlaybookGroup>
          value={group}
          aria-label={t('strategies.playbook.title')}
          options={GROUPS.map((value) => ({ value, label: t(`strategies.playbook.group.${value}`) }))}
          onChange={setGroup}
        />
      </div>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton active />}
      <ul className="playbooks">
        {found.data
          ?.filter((one) => one.group === group)
          .map((one) => (
            <li key={one.key}>
              <button type="button" className="playbook" onClick={() => copy(one)}>
                <b>{words(one.names)}</b>
                <span className="quiet small">{words(one.reason)}</span>
              </button>
            </li>
          ))}
      </ul>
    </Panel>
  )
}

/** The copy of a playbook: under a key of its own, with its offer if the shop has it or wants it. */
function useCopy(onPick: (strategy: Strategy) => void): (playbook: Playbook) => void {
  const { t } = useTexts()
  const { language } = useLanguage()
  const { currency } = useShop()
  const { modal, message } = App.useApp()
  const may = useMay()
  const textOf = useProblemText()
  const offers = useOffers().data
  const put = usePutOffer()
  const pick = (playbook: Playbook, offer: string | null) =>
    onPick({ ...playbook.strategy[language], key: newKey(playbook.key), offer })
  const made = async (playbook: Playbook, offer: Offer) => {
    try {
      await put.mutateAsync(offer)
      pick(playbook, offer.key)
    } catch (error) {
      void message.error(textOf(error).title)
    }
  }
  return (playbook) => {
    const offer = playbook.offer?.[language]
    if (offer === undefined || offers?.some((one) => one.offer.key === offer.key)) {
      pick(playbook, offer?.key ?? null)
    } else if (may('limits.write')) {
      modal.confirm({
        title: t('strategies.playbook.offer', { title: offer.title }),
        content: t('strategies.playbook.offer_meaning', {
          rules: offer.rules ?? '',
          amount: decimalText(offer.amount_minor ?? 0, currency),
          stock: count(offer.stock ?? 0),
        }),
        okText: t('strategies.playbook.with_offer'),
        cancelText: t('strategies.playbook.without_offer'),
        onOk: () => made(playbook, offer),
        onCancel: () => pick(playbook, null),
      })
    } else {
      void message.info(t('strategies.playbook.no_offer', { title: offer.title }))
      pick(playbook, null)
    }
  }
}
