import { createContext, useContext } from 'react'
import { PALETTES, type Palette, type Theme } from './palette'
import { remembered } from './remembered'

export interface Look {
  theme: Theme
  palette: Palette
  /** A big screen that nobody touches: larger, without navigation. */
  isWall: boolean
  choose: (theme: Theme) => void
}

export const LookContext = createContext<Look>({
  theme: 'light',
  palette: PALETTES.light,
  isWall: false,
  choose: () => undefined,
})

export const useLook = (): Look => useContext(LookContext)

export function preferredTheme(isWall: boolean): Theme {
  const stored = remembered('theme')
  if (stored === 'light' || stored === 'dark') return stored
  if (isWall) return 'dark'
  return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}
