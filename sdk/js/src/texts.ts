/** The words of the default card; everything else on it comes from the shop. */

export interface Texts {
  region: string
  ad: string
  close: string
  left: string
  until: string
  code: string
  rules: string
  why: string
  optOut: string
  optingOut: string
  optedOut: string
  assistant: string
  hotList: string
  recommended: string
  link: string
}

const CHINESE: Texts = {
  region: '直播间消息',
  ad: '广告',
  close: '关闭',
  left: '还剩',
  until: '有效至',
  code: '优惠码',
  rules: '活动规则',
  why: '为什么看到它：',
  optOut: '不再收到个性化推荐',
  optingOut: '正在保存…',
  optedOut: '已保存：不再向您发送个性化推荐。',
  assistant: '直播间助手',
  hotList: '热销榜',
  recommended: '主播推荐',
  link: '号链接',
}

const ENGLISH: Texts = {
  region: 'Messages of this room',
  ad: 'Ad',
  close: 'Close',
  left: 'Left',
  until: 'Valid until',
  code: 'Code',
  rules: 'Rules',
  why: 'Why you see this: ',
  optOut: 'No more personalized offers',
  optingOut: 'Saving…',
  optedOut: 'Saved: you get no more personalized offers.',
  assistant: 'Assistant of the shop',
  hotList: 'Bestsellers now',
  recommended: 'Picked by the host',
  link: ' on the shelf',
}

/** Those of a language; Chinese for every tag that does not begin with "en". */
export function textsOf(locale: string): Texts {
  return locale.toLowerCase().startsWith('en') ? ENGLISH : CHINESE
}
