/**
 * The other proxies' configurations: one process, keep-alive on both sides, what each does best for balancing. `most`:
 * how many requests one replica is given at a time; null: as many as come, as each does when it is told nothing.
 */

export function nginxConfig(port: number, upstreams: readonly string[], most: number | null, folder: string): string {
  const limit = most === null ? '' : ` max_conns=${most}`
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections 32768; }
http {
  access_log off;
  client_max_body_size 0; proxy_request_buffering off; proxy_max_temp_file_size 0;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  upstream replicas { least_conn; ${upstreams.map(origin => `server ${origin.slice(7)}${limit};`).join(' ')} keepalive 128; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
    location /v1/websocket { proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade; proxy_read_timeout 1h; }
  }
}
`
}

export function haproxyConfig(port: number, upstreams: readonly string[], most: number | null): string {
  const limit = most === null ? '' : ` maxconn ${most}`
  return `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 2s
  http-reuse always
${most === null ? '' : '  timeout queue 50ms\n'}frontend in
  bind 127.0.0.1:${port}
  default_backend replicas
backend replicas
  balance leastconn
${upstreams.map((origin, index) => `  server s${index} ${origin.slice(7)}${limit}`).join('\n')}
`
}

export function caddyConfig(port: number, upstreams: readonly string[], most: number | null): string {
  const limit = most === null ? {} : { max_requests: most }
  return JSON.stringify({
    admin: { disabled: true },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      http: {
        servers: {
          proxy: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            routes: [
              {
                handle: [
                  {
                    handler: 'reverse_proxy',
                    upstreams: upstreams.map(origin => ({ dial: origin.slice(7), ...limit })),
                    load_balancing: { selection_policy: { policy: 'least_conn' } },
                  },
                ],
              },
            ],
          },
        },
      },
    },
  })
}
