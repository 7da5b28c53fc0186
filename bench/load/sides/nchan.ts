import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from '../lib/children.js';
import { listening, post } from '../lib/http.js';
import { changeText, needleOf, type RunningSide, type Side, streamRequest } from './side.js';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';

/** nginx with its push module, in C: one worker, with a channel that everybody subscribes. */
export const nchan: Side = {
  name: 'nginx + nchan',
  missing: () =>
    existsSync(NGINX) && existsSync(MODULE)
      ? undefined
      : 'nginx-light and libnginx-mod-nchan are not installed',
  start: async ({ folder }, port): Promise<RunningSide> => {
    const home = join(folder, `nginx-${port}`);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'nginx.conf'), config(home, port));
    const child = startChild({
      name: 'nginx',
      path: NGINX,
      args: ['-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')],
    });
    await listening(port, child);
    let value = 0;
    return {
      pid: child.pid,
      target: { port, request: streamRequest(port, '/stream'), ready: '200 OK' },
      next: () => {
        value += 1;
        const text = changeText(value);
        return {
          needle: needleOf(value),
          publish: async () => {
            const begun = process.hrtime.bigint();
            await post(port, '/publish', text);
            return { begun };
          },
        };
      },
      collect: () => undefined,
      stop: child.stop,
    };
  },
};

function config(home: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
load_module ${MODULE};
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${home}/nginx.pid;
error_log ${home}/error.log error;
events { worker_connections 16000; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish {
      nchan_publisher http;
      nchan_channel_id load;
    }
    location = /stream {
      nchan_subscriber eventsource;
      nchan_channel_id load;
      nchan_subscriber_first_message newest;
    }
  }
}
`;
}
