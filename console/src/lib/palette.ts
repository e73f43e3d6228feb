/** What is on the machine; a bundled Chinese font would weigh ten megabytes. */
export const FONTS =
  '-apple-system, "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", "Segoe UI", sans-serif'

/** Colors by meaning. Red, green and amber are states and always come with a word or a sign. */
export type Theme = 'light' | 'dark'

export interface Palette {
  page: string
  panel: string
  raised: string
  line: string
  text: string
  quiet: string
  accent: string
  accentText: string
  accentFill: string
  band: string
  money: string
  person: string
  good: string
  bad: string
  track: string
}

export const PALETTES: Record<Theme, Palette> = {
  dark: {
    page: '#0B1220',
    panel: '#121B2D',
    raised: '#18243A',
    line: '#22304A',
    text: '#EAF0FA',
    quiet: '#9FB0CB',
    accent: '#4C8DFF',
    accentText: '#7FB0FF',
    accentFill: '#2563EB', // white text on it reaches 5.2 : 1
    band: 'rgba(76, 141, 255, 0.10)',
    money: '#FFB648',
    person: '#FFB648',
    good: '#39D98A',
    bad: '#FF6B6B',
    track: '#1C2942',
  },
  light: {
    page: '#F4F6FA',
    panel: '#FFFFFF',
    raised: '#FFFFFF',
    line: '#E3E8F0',
    text: '#172033',
    quiet: '#4B5668',
    accent: '#1F5EFF',
    accentText: '#1549D6',
    accentFill: '#1F5EFF',
    band: 'rgba(31, 94, 255, 0.06)',
    money: '#B85F00',
    person: '#9A5200',
    good: '#086B41',
    bad: '#C4272E',
    track: '#EAEEF5',
  },
}
