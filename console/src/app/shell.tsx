import { MoonOutlined, SunOutlined } from '@ant-design/icons'
import { Button, Dropdown, Skeleton } from 'antd'
import { Suspense } from 'react'
import { NavLink, Outlet } from 'react-router'
import { useSession, useSignOut } from '@/api/session'
import type { Account } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { RedSwitch } from '@/features/strategies/red-switch'
import { SignInPage } from '@/features/sign-in/sign-in-page'
import { useLanguage, useTexts } from '@/lib/language'
import { useLook } from '@/lib/theme'
import { LiveProvider } from './live'

/** Each page: its address, and what one must be allowed to find anything there. */
const PAGES = [
  { name: 'home', path: '/', needs: 'home.read' },
  { name: 'rooms', path: '/rooms', needs: 'rooms.read' },
  { name: 'follow_ups', path: '/follow-ups', needs: 'follow_ups.read' },
  { name: 'tags', path: '/tags', needs: 'definitions.read' },
  { name: 'segments', path: '/segments', needs: 'definitions.read' },
  { name: 'moments', path: '/moments', needs: 'definitions.read' },
  { name: 'strategies', path: '/strategies', needs: 'strategies.read' },
  { name: 'effects', path: '/effects', needs: 'strategies.read' },
  { name: 'viewers', path: '/viewers', needs: 'people.read' },
  { name: 'products', path: '/products', needs: 'products.read' },
  { name: 'data', path: '/data', needs: 'data.read' },
  { name: 'sources', path: '/sources', needs: 'sources.read' },
  { name: 'settings', path: '/settings', needs: 'consents.write' },
] as const

/** Everything behind the sign-in: who you are, where you are, and the page. */
export function Shell() {
  const session = useSession()
  const { isWall } = useLook()
  if (session.isPending) return <Skeleton className="page" active />
  if (!session.data) {
    return (
      <main className="page">
        <ProblemAlert error={session.error} onRetry={() => void session.refetch()} />
      </main>
    )
  }
  const { account } = session.data
  if (!account) return <SignInPage session={session.data} />
  return (
    <LiveProvider>
      {!isWall && <TopBar account={account} />}
      <main id="main">
        <Suspense fallback={<Skeleton className="page" active />}>
          <Outlet />
        </Suspense>
      </main>
    </LiveProvider>
  )
}

function TopBar({ account }: { account: Account }) {
  const { t } = useTexts()
  return (
    <header className="top">
      <NavLink to="/" className="brand">
        <img src="/icon.svg" alt="" width="22" height="22" />
        {t('app.name')}
      </NavLink>
      <nav aria-label={t('nav.label')}>
        {PAGES.filter((page) => account.may.includes(page.needs)).map(({ name, path }) => (
          <NavLink key={name} to={path} end={name === 'data' || name === 'sources'} className="nav-link">
            {t(`nav.${name}`)}
          </NavLink>
        ))}
      </nav>
      <div className="top-right">
        <RedSwitch />
        <LookButtons />
        <AccountMenu account={account} />
      </div>
    </header>
  )
}

function LookButtons() {
  const { t } = useTexts()
  const { theme, choose } = useLook()
  const { language, choose: chooseLanguage } = useLanguage()
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <>
      <Button
        type="text"
        icon={theme === 'dark' ? <SunOutlined /> : <MoonOutlined />}
        aria-label={t(`nav.${other}`)}
        title={t(`nav.${other}`)}
        onClick={() => choose(other)}
      />
      <Button type="text" lang={language === 'zh' ? 'en' : 'zh'} onClick={() => chooseLanguage(language === 'zh' ? 'en' : 'zh')}>
        {t('nav.other_language')}
      </Button>
    </>
  )
}

function AccountMenu({ account }: { account: Account }) {
  const { t } = useTexts()
  const signOut = useSignOut()
  const items = [{ key: 'out', label: t('nav.sign_out'), onClick: () => signOut.mutate() }]
  return (
    <Dropdown menu={{ items }} trigger={['click']}>
      <Button type="text">{account.name}</Button>
    </Dropdown>
  )
}
