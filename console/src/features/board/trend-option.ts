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
}

/** Two charts over one time axis; a second axis at the side would invite reading them as one. */
export function trendOption(given: Given): EChartsCoreOption {
  const { palette, fontSize, trend } = given
  const left = Math.round(fontSize * 4.6)
  const grid = { left, right: 18, containLabel: false }
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
        minInterval: 1,
        axisLabel: { ...label, formatter: (value: number) => asText(compact(value, given.language)) },
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
        data: trend.map((point) => [point.at, point.online]),
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
        data: trend.map((point) => [point.at, point.gmv_minor_per_min * major]),
      },
    ],
  }
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
function bands({ trend, presented, asOf, palette, fontSize }: Given) {
  const first = trend[0]?.at
  if (first === undefined) return undefined
  const span = Math.max(1, asOf - first)
  const inSight = presented.filter((one) => (one.to ?? asOf) > first)
  return {
    silent: true,
    itemStyle: { color: palette.band },
    label: { color: palette.quiet, position: 'insideTop', fontSize, overflow: 'truncate' },
    data: inSight.map((one) => {
      const from = Math.max(one.from, first)
      const to = one.to ?? asOf
      const isWide = (to - from) / span > 0.12 // a narrower band has no room for a name
      return [{ name: isWide ? one.title || one.product : '', xAxis: from }, { xAxis: to }]
    }),
  }
}

interface Hovered {
  dataIndex: number
}

function tooltip({ trend, palette, texts, zone, money, fontSize }: Given) {
  return {
    trigger: 'axis',
    renderMode: 'richText', // HTML would need inline styles, which the content policy forbids
    backgroundColor: palette.raised,
    borderColor: palette.line,
    textStyle: { color: palette.text, fontSize },
    formatter: (hovered: Hovered[]) => {
      const point = trend[hovered[0]?.dataIndex ?? -1]
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
