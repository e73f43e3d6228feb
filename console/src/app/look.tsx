import { App, ConfigProvider, theme as antd, type ThemeConfig } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { useLanguage } from '@/lib/language'
import { FONTS, PALETTES, type Palette, type Theme } from '@/lib/palette'
import { remember } from '@/lib/remembered'
import { type Look, LookContext, preferredTheme } from '@/lib/theme'

const BASE_PX = 14
const WALL_SCALE = 1.25

export function LookProvider({ children }: { children: ReactNode }) {
  const isWall = useMemo(() => new URLSearchParams(window.location.search).get('wall') === '1', [])
  const [theme, setTheme] = useState<Theme>(() => preferredTheme(isWall))
  const { language } = useLanguage()
  const palette = PALETTES[theme]
  const fontSize = isWall ? BASE_PX * WALL_SCALE : BASE_PX
  useEffect(() => paint(theme, palette, fontSize, isWall), [theme, palette, fontSize, isWall])
  const look = useMemo<Look>(
    () => ({
      theme,
      palette,
      isWall,
      choose: (next) => {
        remember('theme', next)
        setTheme(next)
      },
    }),
    [theme, palette, isWall],
  )
  return (
    <LookContext value={look}>
      <ConfigProvider
        locale={language === 'zh' ? zhCN : enUS}
        theme={themeConfig(theme, palette, fontSize)}
        button={{ autoInsertSpace: false }}
      >
        <App>{children}</App>
      </ConfigProvider>
    </LookContext>
  )
}

// Those that antd derives from our dark states of the light theme are muddy.
const LIGHT_GROUNDS = {
  colorErrorBg: '#FDECEC',
  colorErrorBorder: '#F3B8BA',
  colorInfoBg: '#EAF1FF',
  colorInfoBorder: '#BCD2FF',
  colorSuccessBg: '#E7F6EE',
  colorSuccessBorder: '#A9DCC3',
  colorWarningBg: '#FFF5E3',
  colorWarningBorder: '#F1CD93',
}

/** Our own styles read the same colors as custom properties of the page. */
function paint(theme: Theme, palette: Palette, fontSize: number, isWall: boolean): void {
  const { style, dataset } = document.documentElement
  dataset['theme'] = theme
  dataset['wall'] = String(isWall)
  style.fontSize = `${fontSize}px`
  style.colorScheme = theme
  style.fontFamily = FONTS
  for (const [name, color] of Object.entries(palette)) {
    style.setProperty(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, color)
  }
}

function themeConfig(theme: Theme, palette: Palette, fontSize: number): ThemeConfig {
  return {
    algorithm: theme === 'dark' ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      fontFamily: FONTS,
      fontSize,
      borderRadius: 6,
      colorPrimary: palette.accentFill,
      colorLink: palette.accentText,
      colorSuccess: palette.good,
      colorWarning: palette.person,
      colorError: palette.bad,
      colorInfo: palette.accent,
      colorBgLayout: palette.page,
      colorBgBase: palette.panel,
      colorBgContainer: palette.panel,
      colorBgElevated: palette.raised,
      colorTextBase: palette.text,
      colorText: palette.text,
      colorTextSecondary: palette.quiet,
      colorTextTertiary: palette.quiet,
      colorTextDescription: palette.quiet,
      colorTextPlaceholder: palette.quiet,
      colorBorderSecondary: palette.line,
      ...(theme === 'light' && LIGHT_GROUNDS),
      motion: false, // a board that changes each second must not wobble
    },
    components: {
      Table: { headerBg: palette.track, headerSplitColor: 'transparent', rowHoverBg: palette.track },
      Segmented: { trackBg: palette.track, itemColor: palette.quiet },
    },
  }
}
