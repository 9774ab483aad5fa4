import '@digital-go-jp/design-tokens/dist/tokens.css';
import './theme/tokens.css';
import './theme/base.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { startRouter } from './lib/router.svelte';
import { startTheme } from './lib/theme.svelte';

startTheme();
startRouter();

const target = document.getElementById('app');
if (target !== null) mount(App, { target });
