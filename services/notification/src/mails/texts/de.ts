import type { Language } from '../template.ts'

const unasked = 'Wenn du das nicht warst, ignoriere diese Mail: Es ändert sich nichts.'

export const de: Language = {
  mails: {
    verification: ({ name, code, token }) => ({
      subject: `${code} ist dein Code`,
      heading: `Willkommen, ${name}`,
      paragraphs: [
        'Gib diesen Code ein, um die Anmeldung abzuschließen, oder folge dem Link. Er gilt für fünf Versuche.',
      ],
      code,
      button: { label: 'Adresse bestätigen', path: `/verify#token=${token}` },
      closing: unasked,
    }),
    sign_up_repeated: ({ name }) => ({
      subject: 'Du hast schon ein Konto',
      heading: `Hallo, ${name}`,
      paragraphs: [
        'Jemand wollte mit deiner Adresse ein Konto anlegen. Du hast schon eins: Melde dich an oder setze ein neues Passwort.',
      ],
      button: { label: 'Anmelden', path: '/sign-in' },
      closing: unasked,
    }),
    password_reset: ({ name, token }) => ({
      subject: 'Neues Passwort setzen',
      heading: `Hallo, ${name}`,
      paragraphs: ['Folge dem Link, um ein neues Passwort zu setzen. Er gilt einmal und 30 Minuten lang.'],
      button: { label: 'Neues Passwort setzen', path: `/reset#token=${token}` },
      closing: unasked,
    }),
    password_changed: ({ name, changedAt }) => ({
      subject: 'Dein Passwort wurde geändert',
      heading: `Hallo, ${name}`,
      paragraphs: [`Dein Passwort wurde am ${changedAt} geändert. Alle anderen Sitzungen sind beendet.`],
      button: { label: 'Das war ich nicht', path: '/reset' },
      closing: 'Wenn du das warst, ist nichts zu tun.',
    }),
    comment: ({ actor, title, path, excerpt }) => ({
      subject: `${actor} hat „${title}“ kommentiert`,
      heading: `${actor} hat deinen Beitrag kommentiert`,
      paragraphs: [excerpt],
      button: { label: 'Lesen', path },
      closing:
        'Du bekommst diese Mail, weil du den Beitrag geschrieben hast. Was ankommt, wählst du in den Einstellungen.',
    }),
    reply: ({ actor, title, path, excerpt }) => ({
      subject: `${actor} hat dir zu „${title}“ geantwortet`,
      heading: `${actor} hat auf deinen Kommentar geantwortet`,
      paragraphs: [excerpt],
      button: { label: 'Lesen', path },
      closing:
        'Du bekommst diese Mail, weil du den Kommentar geschrieben hast. Was ankommt, wählst du in den Einstellungen.',
    }),
    follow: ({ actor, path }) => ({
      subject: `${actor} folgt dir`,
      heading: `${actor} folgt dir`,
      paragraphs: [`${actor} sieht ab jetzt, was du veröffentlichst.`],
      button: { label: 'Wer ist das?', path },
      closing: 'Was ankommt, wählst du in den Einstellungen.',
    }),
  },
  notices: {
    follow: actor => `${actor} folgt dir`,
    comment: (actor, title) => `${actor} hat „${title}“ kommentiert`,
    reply: (actor, title) => `${actor} hat auf deinen Kommentar zu „${title}“ geantwortet`,
    somebody: 'Jemand',
  },
}
