import type { EChartsCoreOption } from 'echarts/core'
import type { Presented, TrendPoint } from '@/api/types'
import { asText, clock, clockMinute, compact, count, type Amount } from '@/lib/format'
import type { Language } from '@/lib/language'
import { FONTS, type Palette } from '@/lib/palette'

export interface TrendTexts {
  online: string
  gmv: string
  orders: string
}

interface Given {
  trend: TrendPoint[]
  presented: Presented[]
  asOf: number
  zone: string
  language: Language
  palette: Palette
  texts: TrendTexts
  money: (minor: number) => Amount
  fontSize: number
  /** Of the whole chart, in CSS pixels. */
  width: number
}

const GAP_MS = 30_000 // points come each five seconds

const RIGHT = 18 // px: room for half of the last label of the time axis

const leftOf = (fontSize: number): number => Math.round(fontSize * 4.6)

/** Two charts over one time axis; a second axis at the side would invite reading them as one. */
export function trendOption(given: Given): EChartsCoreOption {
  const { palette, fontSize, trend } = given
  const left = leftOf(fontSize)
  const grid = { left, right: RIGHT, containLabel: false }
  const label = { color: palette.quiet, fontSize }
  const axis = { splitNumber: 3, splitLine: { lineStyle: { color: palette.line } } }
  const major = 10 ** -decimalsOf(given.money)
  return {
    animation: false,
    textStyle: { fontFamily: FONTS, fontSize }, // a canvas knows no 'inherit'
    grid: [
      { ...grid, top: fontSize * 2.2, bottom: '54%' },
      { ...grid, top: '58%', bottom: fontSize * 2.2 },
    ],
    axisPointer: { link: [{ xAxisIndex: 'all' }], lineStyle: { color: palette.quiet } },
    tooltip: tooltip(given),
    xAxis: [0, 1].map((gridIndex) => ({
      type: 'time',
      gridIndex,
      axisLabel: {
        ...label,
        show: gridIndex === 1,
        hideOverlap: true,
        formatter: (at: number) => clockMinute(at, given.zone),
      },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: palette.line } },
      splitLine: { show: false },
    })),
    yAxis: [
      {
        ...axis,
        ...named(given.texts.online, palette.accentText, left, fontSize),
        scale: true,
        boundaryGap: [0, '12%'], // the names of the bands stand above the line
        minInterval: 1,
        axisLabel: { ...label, formatter: onlineLabel(given) },
      },
      {
        ...axis,
        ...named(given.texts.gmv, palette.money, left, fontSize),
        gridIndex: 1,
        min: 0,
        axisLabel: { ...label, formatter: (value: number) => asText(given.money(value / major)) },
      },
    ],
    series: [
      {
        type: 'line',
        showSymbol: false,
        lineStyle: { width: 2 },
        color: palette.accent,
        data: line(trend, (point) => point.online),
        markArea: bands(given),
      },
      {
        type: 'line',
        xAxisIndex: 1,
        yAxisIndex: 1,
        showSymbol: false,
        lineStyle: { width: 1.5 },
        areaStyle: { opacity: 0.12 },
        color: palette.money,
        data: line(trend, (point) => point.gmv_minor_per_min * major),
      },
    ],
  }
}

const NARROW = 5_000 // steps of less than a thousand would all read as the same short number

/** How the axis says a number of people: short, unless its steps would read alike. */
export function onlineLabel({ trend, language }: Pick<Given, 'trend' | 'language'>): (value: number) => string {
  const all = trend.map((point) => point.online)
  const isNarrow = Math.max(...all) - Math.min(...all) < NARROW
  return (value) => (isNarrow ? count(value) : asText(compact(value, language)))
}

/** The points of a line, broken where nothing was heard: a straight line there would be an invention. */
export function line(
  trend: TrendPoint[],
  valueOf: (point: TrendPoint) => number,
): [at: number, value: number | null][] {
  return trend.flatMap((point, index): [number, number | null][] => {
    const before = trend[index - 1]
    const own: [number, number] = [point.at, valueOf(point)]
    return before && point.at - before.at > GAP_MS ? [[before.at + 1, null], own] : [own]
  })
}

/** Decimals of the currency, so that axis steps are round in whole yuan, not in fen. */
function decimalsOf(money: (minor: number) => Amount): number {
  return money(1).digits.split('.')[1]?.length ?? 0
}

function named(name: string, color: string, left: number, fontSize: number) {
  const padding = [0, 0, 0, -left + 10]
  return { type: 'value', name, nameTextStyle: { color, align: 'left', fontSize, padding } }
}

/** What was being presented, as bands behind the first chart. */
function bands({ trend, presented, asOf, palette, fontSize, width }: Given) {
  const first = trend[0]?.at
  if (first === undefined) return undefined
  const pixelsPerMs = (width - leftOf(fontSize) - RIGHT) / Math.max(1, asOf - first)
  const inSight = presented.filter((one) => (one.to ?? asOf) > first)
  return {
    silent: true,
    itemStyle: { color: palette.band },
    label: { color: palette.quiet, position: 'insideTop', fontSize, overflow: 'truncate' },
    data: inSight.map((one, index) => {
      const from = Math.max(one.from, first)
      const to = one.to ?? asOf
      const room = (to - from) * pixelsPerMs - 6
      const name = room < 3 * fontSize ? '' : one.title || one.product // three characters say nothing
      // Every other one is paler, so that neighbors are two and not one.
      const itemStyle = { opacity: index % 2 ? 0.45 : 1 }
      return [{ name, xAxis: from, itemStyle, label: { width: room } }, { xAxis: to }]
    }),
  }
}

interface Hovered {
  value: [at: number, value: number | null]
}

function tooltip({ trend, palette, texts, zone, money, fontSize }: Given) {
  return {
    trigger: 'axis',
    renderMode: 'richText', // HTML would need inline styles, which the content policy forbids
    backgroundColor: palette.raised,
    borderColor: palette.line,
    textStyle: { color: palette.text, fontSize },
    formatter: (hovered: Hovered[]) => {
      const at = hovered[0]?.value[0]
      const point = trend.find((one) => one.at === at)
      if (!point) return ''
      return [
        clock(point.at, zone),
        `${texts.online}  ${count(point.online)}`,
        `${texts.gmv}  ${asText(money(point.gmv_minor_per_min))}`,
        `${texts.orders}  ${count(point.orders_per_min)}`,
      ].join('\n')
    },
  }
}
