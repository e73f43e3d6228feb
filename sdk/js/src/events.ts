// Generated from the event table by `make docs`; not to be edited.

/** Values of `properties` by name. */
export type Scalars = Readonly<Record<string, string | number | boolean | null>>

/** One line of an order; money in minor units. */
export interface OrderItem {
  product: string
  category?: string
  quantity?: number
  price?: number
  amount?: number
}

/** What every event may carry beside its own fields. */
export interface Common {
  /** one stay of a viewer in a room */
  visit?: string
  /** properties of your own, kept in history only */
  properties?: Scalars
}

/** Every event that a browser key may send, with its fields. */
export interface BrowserEvents {
  /** Entered the room */
  room_entered: Common & {
    /** how the viewer came, for example feed, search, share or follow */
    entry_source?: string
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
  }
  /** Left the room */
  room_left: Common & {
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
  }
  /** Heartbeat */
  heartbeat: Common & {
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
    /** time since the last operation (ms) */
    idle_ms?: number
    /** whether the page is visible */
    visible?: boolean
    /** id of the product */
    product?: string
  }
  /** Viewed a product */
  product_viewed: Common & {
    /** id of the product */
    product: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** price of one, in minor units (minor units) */
    price?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
  }
  /** Left a product page */
  product_left: Common & {
    /** id of the product */
    product: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** price of one, in minor units (minor units) */
    price?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
  }
  /** Clicked a product */
  product_clicked: Common & {
    /** id of the product */
    product: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** price of one, in minor units (minor units) */
    price?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
  }
  /** Favorited a product */
  product_favorited: Common & {
    /** id of the product */
    product: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** price of one, in minor units (minor units) */
    price?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
  }
  /** Added to the cart */
  cart_added: Common & {
    /** id of the product */
    product: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** price of one, in minor units (minor units) */
    price?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
    /** how many (count) */
    quantity?: number
    /** amount of money, in minor units (minor units) */
    amount?: number
  }
  /** Removed from the cart */
  cart_removed: Common & {
    /** id of the product */
    product: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** price of one, in minor units (minor units) */
    price?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
    /** how many (count) */
    quantity?: number
    /** amount of money, in minor units (minor units) */
    amount?: number
  }
  /** Started checkout */
  checkout_started: Common & {
    /** order lines: product, category, quantity, price, amount */
    items?: readonly OrderItem[]
    /** id of the product */
    product?: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** how many (count) */
    quantity?: number
    /** amount of money, in minor units (minor units) */
    amount?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
    /** kind of page, for example product, cart or room */
    page?: string
    /** id of the page instance, to tell apart pages that are open at once */
    page_id?: string
  }
  /** Ordered */
  order_created: Common & {
    /** id of the order */
    order_id: string
    /** order lines: product, category, quantity, price, amount */
    items?: readonly OrderItem[]
    /** id of the product */
    product?: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** how many (count) */
    quantity?: number
    /** amount to pay, in minor units; the sum of the items if absent (minor units) */
    amount?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
  }
  /** Paid */
  order_paid: Common & {
    /** id of the order */
    order_id: string
    /** order lines: product, category, quantity, price, amount */
    items?: readonly OrderItem[]
    /** id of the product */
    product?: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** how many (count) */
    quantity?: number
    /** amount paid, in minor units; the sum of the items if absent (minor units) */
    amount?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
  }
  /** Cancelled an order */
  order_cancelled: Common & {
    /** id of the order */
    order_id: string
    /** order lines: product, category, quantity, price, amount */
    items?: readonly OrderItem[]
    /** id of the product */
    product?: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** how many (count) */
    quantity?: number
    /** amount of money, in minor units (minor units) */
    amount?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
  }
  /** Refunded */
  order_refunded: Common & {
    /** id of the order */
    order_id: string
    /** id of the refund; counted once */
    refund_id: string
    /** order lines: product, category, quantity, price, amount */
    items?: readonly OrderItem[]
    /** id of the product */
    product?: string
    /** amount refunded (positive), in minor units; may be a part (minor units) */
    amount: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
  }
  /** Claimed a coupon */
  coupon_claimed: Common & {
    /** id of the coupon */
    coupon_id: string
    /** id of the product */
    product?: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
    /** value of the coupon, in minor units (minor units) */
    amount?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
  }
  /** Sent a comment */
  comment_sent: Common & {
    /** the words of the comment */
    text: string
    /** id of the product */
    product?: string
    /** category of the product */
    category?: string
    /** brand */
    brand?: string
  }
  /** Liked */
  liked: Common & {
    /** number of likes; 1 if absent (count) */
    quantity?: number
    /** id of the product */
    product?: string
  }
  /** Shared */
  shared: Common & {
    /** where it was shared to */
    channel?: string
    /** id of the product */
    product?: string
  }
  /** Followed */
  followed: Common
  /** Sent a gift */
  gift_sent: Common & {
    /** id of the gift */
    gift_id?: string
    /** how many (count) */
    quantity?: number
    /** amount of money, in minor units (minor units) */
    amount?: number
    /** currency (ISO 4217); that of the shop if absent (ISO 4217) */
    currency?: string
  }
  /** Joined a lottery */
  lottery_joined: Common & {
    /** id of the lottery */
    lottery_id?: string
  }
  /** Joined by voice */
  voice_joined: Common
  /** Spoke */
  viewer_spoke: Common & {
    /** what the viewer said on the voice link */
    text?: string
    /** how long it lasted (ms) */
    duration_ms?: number
    /** id of the product */
    product?: string
  }
  /** Unsubscribed */
  unsubscribed: Common & {
    /** the channel; all if absent */
    channel?: string
  }
}
