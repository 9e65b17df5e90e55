import type { Language } from '../template.ts'

const unasked = 'If this was not you, ignore this mail: nothing changes.'

export const en: Language = {
  mails: {
    verification: ({ name, code, token }) => ({
      subject: `${code} is your code`,
      heading: `Welcome, ${name}`,
      paragraphs: ['Enter this code to finish signing up, or follow the link. It is good for five tries.'],
      code,
      button: { label: 'Confirm my address', path: `/verify#token=${token}` },
      closing: unasked,
    }),
    sign_up_repeated: ({ name }) => ({
      subject: 'You already have an account',
      heading: `Hello, ${name}`,
      paragraphs: [
        'Somebody tried to sign up with your address. You already have an account: sign in, or set a new password.',
      ],
      button: { label: 'Sign in', path: '/sign-in' },
      closing: unasked,
    }),
    password_reset: ({ name, token }) => ({
      subject: 'Set a new password',
      heading: `Hello, ${name}`,
      paragraphs: ['Follow the link to set a new password. It works once, for 30 minutes.'],
      button: { label: 'Set a new password', path: `/reset#token=${token}` },
      closing: unasked,
    }),
    password_changed: ({ name, changedAt }) => ({
      subject: 'Your password was changed',
      heading: `Hello, ${name}`,
      paragraphs: [`Your password was changed on ${changedAt}. All other sessions have ended.`],
      button: { label: 'This was not me', path: '/reset' },
      closing: 'If this was you, there is nothing to do.',
    }),
    comment: ({ actor, title, path, excerpt }) => ({
      subject: `${actor} commented on “${title}”`,
      heading: `${actor} commented on your post`,
      paragraphs: [excerpt],
      button: { label: 'Read it', path },
      closing: 'You get this mail because you wrote the post. Choose what arrives in your settings.',
    }),
    reply: ({ actor, title, path, excerpt }) => ({
      subject: `${actor} answered you on “${title}”`,
      heading: `${actor} answered your comment`,
      paragraphs: [excerpt],
      button: { label: 'Read it', path },
      closing: 'You get this mail because you wrote the comment. Choose what arrives in your settings.',
    }),
    follow: ({ actor, path }) => ({
      subject: `${actor} follows you`,
      heading: `${actor} follows you`,
      paragraphs: [`${actor} will see what you publish.`],
      button: { label: 'See who it is', path },
      closing: 'Choose what arrives in your settings.',
    }),
  },
  notices: {
    follow: actor => `${actor} follows you`,
    comment: (actor, title) => `${actor} commented on “${title}”`,
    reply: (actor, title) => `${actor} answered your comment on “${title}”`,
    somebody: 'Somebody',
  },
}
