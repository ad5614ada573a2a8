#!/usr/bin/env node
// The command is TypeScript, which Node.js 20 does not read by itself.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
