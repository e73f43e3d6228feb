import { Tabs } from 'antd'
import { useSearchParams } from 'react-router'
import { useMay } from '@/api/session'
import { useTexts } from '@/lib/language'
import { ApiKeys } from './api-keys'
import { Audit } from './audit'
import { Channels } from './channels'
import { People } from './people'
import { Privacy } from './privacy'
import { Tables } from './tables'

export function SettingsPage() {
  const { t } = useTexts()
  const may = useMay()
  const [asked, setAsked] = useSearchParams()
  const tabs = [
    { key: 'people', label: t('settings.people.title'), needs: 'accounts.read', children: <People /> },
    { key: 'keys', label: t('settings.keys.title'), needs: 'api_keys.read', children: <ApiKeys /> },
    { key: 'channels', label: t('settings.channels.title'), needs: 'channels.read', children: <Channels /> },
    { key: 'privacy', label: t('settings.privacy.title'), needs: 'privacy.read', children: <Privacy /> },
    { key: 'tables', label: t('settings.tables.title'), needs: 'people.import', children: <Tables /> },
    { key: 'audit', label: t('settings.audit.title'), needs: 'audit.read', children: <Audit /> },
  ].filter((tab) => may(tab.needs))
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('settings.title')}</h1>
      </header>
      {tabs.length === 0 ? (
        <p className="quiet">{t('settings.nothing')}</p>
      ) : (
        <Tabs
          activeKey={asked.get('tab') ?? tabs[0]?.key ?? 'people'}
          onChange={(tab) => setAsked({ tab })}
          destroyOnHidden
          items={tabs.map(({ key, label, children }) => ({ key, label, children }))}
        />
      )}
    </div>
  )
}
