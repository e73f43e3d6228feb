/** Words in the two languages of the console. */

export interface Words {
  zh: string
  en: string
}
