// Light, dark, or what the system prefers. theme.js applies the stored choice before the first paint.

const KEY = 'skep.theme';
export type ThemeChoice = 'system' | 'light' | 'dark';

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

class Theme {
  choice = $state<ThemeChoice>(stored());
  private systemDark = $state(false);
  dark = $derived(this.choice === 'system' ? this.systemDark : this.choice === 'dark');

  start(): () => void {
    const query = window.matchMedia('(prefers-color-scheme: dark)');
    const read = (): void => {
      this.systemDark = query.matches;
    };
    read();
    query.addEventListener('change', read);
    return () => query.removeEventListener('change', read);
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    const root = document.documentElement;
    if (choice === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = choice;
    try {
      if (choice === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // Storage may be forbidden: the choice lasts until the page is closed.
    }
  }
}

export const theme = new Theme();
