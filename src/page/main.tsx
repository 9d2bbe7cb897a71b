import { render } from 'preact';
import { App } from './app.tsx';
import './page.css';

const root = document.getElementById('app');
// The gateway writes into its page what the page must know of it.
const { mode, key } = document.documentElement.dataset;
if (root) render(<App isSandbox={mode === 'sandbox'} needsKey={key === 'yes'} />, root);
