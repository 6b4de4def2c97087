import { describeWire } from './wire.contract.ts';

describeWire('openai-chat');
describeWire('openai-responses');
describeWire('anthropic-messages');
